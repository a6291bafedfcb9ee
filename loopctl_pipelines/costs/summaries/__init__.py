"""The daily cost summaries: the rollup, and the check that compares them with the reports.

No Dagster and no anomalies.
"""
