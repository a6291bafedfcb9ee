"""Vectors of published articles: what is embedded, by whom, and what happens when it fails."""
