"""What sets of images are made of, what in them threatens a metric, and lists without it."""
