"""The sample data, generated from fixed seeds: organizations, reports, anomalies, articles.

No database and no Dagster.
"""
