"""Which stories' costs are anomalies: comparing, opening, updating, resolving, checking.

No Dagster; what a person sees is in `costs.display`.
"""
