"""Sample data, and real usage files, for a database that has none."""
