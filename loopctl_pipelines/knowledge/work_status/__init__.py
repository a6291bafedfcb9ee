"""What is pending, what waits and why, for a tenant's embedding and extraction.

It only reads; the work belongs to the operations.
"""
