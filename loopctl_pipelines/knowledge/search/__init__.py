"""The nearest articles of an article, among those of its tenant that its project may see.

No use of them: links are made in `linking`.
"""
