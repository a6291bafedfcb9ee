"""The tenants' knowledge base: what becomes of articles. One folder per operation.

Calls to vendors go through `llm`.
"""
