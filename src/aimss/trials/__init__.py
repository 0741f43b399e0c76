"""What would happen to many: virtual women, strategies as arms, endpoints, analysis; run in chunks at any scale."""
