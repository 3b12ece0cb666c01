"""The parts of an evaluation, one file each: images in, metrics and values per image out."""
