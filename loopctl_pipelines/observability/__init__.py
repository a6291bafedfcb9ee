"""Metrics of the pipelines, in the text format of Prometheus, as counts of what is stored.

They name no tenant unless the operator says so. Requests are counted by the API itself.
"""
