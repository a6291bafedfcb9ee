"""What is embedded: texts, hashes, batches, splitting of refused batches. Pure.

No Dagster, no network, no database.
"""
