"""`make first-day`: what a new user does on the first day, with the commands of the documentation.

Only what that day uses; servers and targets are those of the tests.
"""
