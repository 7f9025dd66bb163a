"""What answers the same request from the library: the key of the request that a record was made by."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    where = sa.text("request_key IS NOT NULL")
    for table in ("characters", "scene_lists"):
        op.add_column(table, sa.Column("request_key", sa.String(32)))
        columns = ["server_id", "request_key"]
        op.create_index(f"ix_{table}_request", table, columns, sqlite_where=where, postgresql_where=where)
