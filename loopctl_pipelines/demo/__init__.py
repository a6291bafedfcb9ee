"""The demo: fills an empty database with the sample, runs the jobs over it, shows the results.

Nothing that production runs.
"""
