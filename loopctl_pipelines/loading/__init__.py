"""Loads token usage from files that people have into loopctl's tables.

No sample data.
"""
