"""Ratios against the reference's way and the physical limit: `make bench`."""
