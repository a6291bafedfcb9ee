"""The gate in front of new articles: is a proposed article new, or near to one that is there?

How articles are compared is in `search`; how they are stored in `articles`.
"""
