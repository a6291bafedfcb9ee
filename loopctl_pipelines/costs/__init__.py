"""Costs as Dagster sees them: assets, checks, jobs, schedules, sensors, backfills.

Statements and rules are in the folders below; nothing here talks SQL except `operator_queries`.
"""
