"""`make trials`: processes and the database server are killed at random moments; is all well after?

Only what the trials use; the oracles are those of the tests.
"""
