"""Writes stored cost summaries to files that other programs read: CSV, JSON, Parquet.

No computing of summaries, and no reading of files: those are `costs` and `loading`.
"""
