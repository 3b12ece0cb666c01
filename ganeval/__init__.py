"""ganeval: is this set of generated images closer to the real ones, and how sure can we be?"""

__version__ = "0.1.0"

__all__ = ["__version__"]
