"""`python -m aimss` is the same as `aimss`."""

from aimss.cli import main

if __name__ == "__main__":
    main()
