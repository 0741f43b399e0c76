"""Pooling published results: effect sizes, random effects, exact proportions, networks; metafor is the reference."""
