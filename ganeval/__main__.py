"""``python -m ganeval``."""

from ganeval.cli import main

if __name__ == "__main__":
    main()
