"""Texts, hashes, triage, batches, splitting of rejected batches. Pure.

No Dagster, no network, no database.
"""
