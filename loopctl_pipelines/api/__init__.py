"""The HTTP API: application, connections, errors, paging, request log, documentation.

Who may call is in `access`, what they may call in `routes`. Nothing here imports Dagster.
"""
