"""The networks: built, initialised, measured, read from published files and written back."""
