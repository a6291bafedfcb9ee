"""What a tenant's stories usually cost, and from which factor on a cost is worth a look.

For the calibrated rule. No anomalies: those are in `costs.anomalies`. No Dagster.
"""
