"""A tenant's own keys and models, as people see and change them.

What a call to a vendor reads of them is in the vendor's folder.
"""
