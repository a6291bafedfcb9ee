"""OpenAI, and servers that speak its API: the client, the embeddings endpoint, its answer.

No tenant and no retry: callers decide whose key is used, and how often.
"""
