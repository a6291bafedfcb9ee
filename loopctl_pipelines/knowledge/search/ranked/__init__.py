"""Search for a text: by words, by meaning, and both fused by rank.

`rules` is pure; `storage` has the statements, one snapshot each.
"""
