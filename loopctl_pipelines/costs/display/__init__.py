"""How costs look to a person: asset metadata, column descriptions, charts, plots, tables.

Reads what is stored and computes nothing that is stored.
"""
