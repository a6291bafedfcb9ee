"""Articles as people and agents write, read and change them.

Extraction and embedding have statements of their own: they work on many articles at a time.
"""
