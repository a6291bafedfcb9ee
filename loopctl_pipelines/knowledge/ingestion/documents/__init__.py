"""What a document's bytes and text may be, and how they become Markdown. Pure.

Chunks are not made here.
"""
