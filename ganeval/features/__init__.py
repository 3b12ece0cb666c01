"""From images to feature vectors: extractors, weights, backends, cache."""
