"""One guarded, sanitized, accounted call to an LLM vendor, whatever it is for.

A vendor is a folder. No prompt, no article, no domain.
"""
