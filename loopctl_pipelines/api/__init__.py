"""The HTTP API: application, errors, paging, request log.

Who may call is in `access`, what they may call in `routes`. Nothing here imports Dagster.
"""
