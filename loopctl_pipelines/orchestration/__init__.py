"""The use of Dagster that domains share: event storage, instance, runs, materializations.

No asset and no SQL of loopctl's tables.
"""
