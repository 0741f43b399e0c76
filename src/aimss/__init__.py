"""aimss: one woman on an aromatase inhibitor, one page, a source behind every number."""

__version__ = "0.1.0"
