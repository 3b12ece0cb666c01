"""Where a classifier looks: maps, their measures and controls, before and after a transfer."""
