"""The Dagster UI of `loopctl-pipelines dev`: its processes, and the guard in front of its pages.

No definitions: Dagster's code server loads those in a process of its own.
"""
