"""Alerts: which runs are reported to people, one message each, and its delivery through Apprise.

Not here: what a run records, and loopctl's own webhooks, see `webhooks/`.
"""
