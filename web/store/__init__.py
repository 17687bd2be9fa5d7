"""What outlives the service: one database, in a file of SQLite's by default, in PostgreSQL by its URL.

`store.py` opens it and hands out transactions; `tables.py` and `watched.py` have the schema, `migrations/` what leads
to it; `sqlite.py` and `postgres.py` have all that is one database's own; the other modules have one group of queries
each: functions from a transaction and frozen values to frozen values.
"""
