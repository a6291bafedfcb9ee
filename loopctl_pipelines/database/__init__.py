"""The only way to PostgreSQL: tenant transactions, retries, the embedded server, migrations.

No domain's statements: SQL lies with the code that runs it.
"""
