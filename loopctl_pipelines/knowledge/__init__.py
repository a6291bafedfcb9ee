"""The tenants' knowledge base: operations on articles, one folder each.

Calls to vendors go through `llm`.
"""
