"""The one way to PostgreSQL: tenant transactions, the embedded server, the schema."""
