"""The HTTP API: anomalies and summaries, tenant by tenant. It does not know Dagster."""
