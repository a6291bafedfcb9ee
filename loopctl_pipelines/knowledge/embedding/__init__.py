"""Embedding as Dagster sees it: asset, job, sensor, metadata, progress.

Texts and batches are in `texts`, statements in `storage`, runs in `work`.
"""
