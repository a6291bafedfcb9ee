"""Nightly pipelines of loopctl: cost summaries per tenant and day, and the anomalies in them."""
