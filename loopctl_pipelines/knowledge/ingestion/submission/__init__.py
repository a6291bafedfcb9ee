"""Handing in a document: validated requests, and the statements that queue them.

Nothing is fetched here, and nothing is paid.
"""
