"""Links between articles that are alike: a pair's types by its similarity, kept up to date.

Links that a person or an agent made are never changed here.
"""
