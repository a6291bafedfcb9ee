"""Cost summaries per tenant and UTC day, and the anomalies in them."""
