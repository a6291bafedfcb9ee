"""OpenAI and servers that speak its API: the client, the embeddings endpoint, its answer.

No tenant and no retry: callers decide who asks and how often.
"""
