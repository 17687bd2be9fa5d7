"""Runs the revisions on the connection of `web.store.migrate`, in its transaction. Alembic executes this file."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
