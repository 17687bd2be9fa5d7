"""What outlives the service: one small database, in a file of SQLite's by default.

`store.py` opens it and hands out transactions, `tables.py` has the schema, `sqlite.py` all that is SQLite's own; the
other modules have one group of queries each: functions from a transaction and frozen values to frozen values.
"""
