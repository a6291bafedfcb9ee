"""Nightly pipelines of loopctl: costs and anomalies per tenant, and embedded articles.

One folder per domain. Modules at the top are shared by all of them and import no domain.
"""
