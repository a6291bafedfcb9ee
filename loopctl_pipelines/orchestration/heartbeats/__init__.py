"""Which process works on a run, and whether it still does; a run whose process died is ended.

No rule about costs or articles, and nothing about how runs are launched.
"""
