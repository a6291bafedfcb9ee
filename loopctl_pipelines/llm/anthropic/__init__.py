"""Anthropic, and servers that speak its Messages API: the client, one request, its answer.

No prompt, no tenant and no retry: callers decide what is asked, whose key is used, and how often.
"""
