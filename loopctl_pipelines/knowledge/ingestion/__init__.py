"""Documents on their way into the knowledge base: handing in, fetching, retention.

Chunks, the model and the articles made of them are not here.
"""
