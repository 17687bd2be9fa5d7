"""What leads a store of any earlier version to the schema of this one: Alembic's environment and its revisions.

A revision is written once and never changed: it says with `op` alone what it does, since the tables go on changing.
Its number, four digits, is the schema's version.
"""
