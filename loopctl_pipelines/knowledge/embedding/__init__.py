"""Embedding as Dagster sees it: asset, job, sensor, metadata, progress.

What is embedded is in `texts`, what is stored in `storage`, what a run does in `work`.
"""
