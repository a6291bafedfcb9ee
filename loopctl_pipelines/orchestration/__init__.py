"""What Dagster needs whatever the domain is: event storage, instance, runs, materializations.

No asset and no SQL of loopctl's tables.
"""
