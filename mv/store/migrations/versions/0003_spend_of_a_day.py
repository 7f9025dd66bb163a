"""What everybody together spent in a period, without reading the whole ledger."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index("ix_ledger_kind", "ledger", ["kind", "counted_at", "amount"])
