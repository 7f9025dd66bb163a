"""What a job was asked for by, so that the same interaction, and the same button, start one job."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("interaction_id", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("once", sa.String(64), nullable=True))
    op.create_index("ix_jobs_interaction", "jobs", ["interaction_id"], unique=True)
    where = sa.text("once IS NOT NULL")
    op.create_index("ix_jobs_once", "jobs", ["once"], sqlite_where=where, postgresql_where=where)
