"""loopctl's token budgets: what is spent of them, what crosses a threshold, when they are used up.

Nothing about how a story compares with others.
"""
