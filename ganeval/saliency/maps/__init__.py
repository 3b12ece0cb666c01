"""Maps of where a classifier looks; one file for each family."""
