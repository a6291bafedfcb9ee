"""How well search finds the article that a query is about, on real texts with a real model.

`known_items`, `figures`, `gate` and `table` are pure; `search` runs the project's own service.
"""
