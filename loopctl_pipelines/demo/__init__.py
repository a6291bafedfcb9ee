"""The demo: fills an empty database with the sample, runs the jobs over it, shows the result.

Nothing that production runs.
"""
