"""The revisions, one module each, in the order of their numbers.

SQL of more than a line is a file in `own` or `loopctl`.
"""
