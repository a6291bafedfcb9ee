"""What operations that pay a vendor for each tenant share: claims, pauses, runs and their requests.

No article, no document and no vendor.
"""
