"""Compares the costs that agents reported with the vendors' list prices.

The prices themselves are in `llm/list_prices.py`.
"""
