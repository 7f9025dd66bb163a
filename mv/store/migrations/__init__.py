"""The tables' history. A change of `tables.py` needs a revision beside it: a file in `versions/`, written so that it
runs on SQLite (`op.batch_alter_table`) and PostgreSQL, and its name at the end of REVISIONS."""

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
"""Oldest first. What is stored is compared with these: Alembic is imported only when there is something to do."""
