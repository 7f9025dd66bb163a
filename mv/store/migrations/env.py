"""Run by Alembic, on the connection and in the transaction it was handed."""

from alembic import context

from mv.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
