"""What is stored about the embedding of articles, tenant by tenant, and the lease on a tenant.

No vendor is called here.
"""
