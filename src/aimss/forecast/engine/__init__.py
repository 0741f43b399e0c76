"""The engine: one integration of the body for many women, by a generated kernel; a slow reference beside it."""
