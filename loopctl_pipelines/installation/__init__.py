"""The installation: what commands need of their surroundings, tested one requirement at a time.

Nothing is repaired or sent here. How a requirement is tested before some work begins is in
`database/preflight.py`, which this folder calls.
"""
