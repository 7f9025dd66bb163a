"""What money needs: the price of every entry of the ledger, sums by the quarter of an hour, budgets, and warnings that
one is nearly used up."""

from collections import defaultdict
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TIME = sa.DateTime(timezone=True)
QUARTER = 900
TOGETHER = 5000


def upgrade() -> None:
    _ledger()
    op.create_table(
        "tallies",
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.String(8), nullable=False),
        sa.Column("subject", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("quarter", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "scope", "subject", "kind", "quarter", name="pk_tallies"),
        sqlite_with_rowid=False,
    )
    _fill()
    op.add_column("projects", sa.Column("budget", sa.BigInteger()))
    op.create_table(
        "warnings",
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.String(8), nullable=False),
        sa.Column("subject", sa.String(26), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("allowed", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", TIME, nullable=False),
        sa.Column("told_at", TIME),
        sa.PrimaryKeyConstraint("server_id", "scope", "subject", "month", "percent", "allowed", name="pk_warnings"),
    )
    where = sa.text("told_at IS NULL")
    op.create_index("ix_warnings_untold", "warnings", ["noted_at"], sqlite_where=where, postgresql_where=where)


def _ledger() -> None:
    """One correction for each engine: another may answer than was reserved for."""
    for index in ("ix_ledger_project", "ix_ledger_kind", "ix_ledger_used"):
        op.drop_index(index, "ledger")
    with op.batch_alter_table("ledger") as table:
        table.add_column(sa.Column("price", sa.JSON()))
        table.drop_constraint("uq_ledger_job_id_kind_entry", type_="unique")
        table.create_unique_constraint("uq_ledger_job_id_kind_entry_engine", ["job_id", "kind", "entry", "engine"])
    op.create_index("ix_ledger_member", "ledger", ["server_id", "member_id", "counted_at"])
    op.create_index("ix_ledger_counted", "ledger", ["server_id", "counted_at"])
    where = sa.text("project_id IS NOT NULL")
    columns = ["project_id", "kind", "amount"]
    op.create_index("ix_ledger_project", "ledger", columns, sqlite_where=where, postgresql_where=where)


def _fill() -> None:
    """The sums of what is in the ledger."""
    ledger = sa.table("ledger", *map(sa.column, ("server_id", "member_id", "project_id", "kind", "amount")),
        sa.column("counted_at", TIME))  # fmt: skip
    names = ("server_id", "scope", "subject", "kind", "quarter", "amount")
    sums: dict[tuple[int, str, str, str, int], int] = defaultdict(int)
    for row in op.get_bind().execute(sa.select(ledger)):
        at: datetime = row.counted_at if row.counted_at.tzinfo else row.counted_at.replace(tzinfo=UTC)
        quarter = int(at.timestamp()) // QUARTER
        scopes = [(row.server_id, "member", str(row.member_id))] if row.member_id else []
        if row.kind == "spend":
            scopes += [(row.server_id, "server", ""), (0, "bot", "")]
            scopes += [(row.server_id, "project", row.project_id)] if row.project_id else []
        for scope in scopes:
            sums[(*scope, row.kind, quarter)] += row.amount
    rows = [dict(zip(names, (*key, amount), strict=True)) for key, amount in sums.items()]
    tallies = sa.table("tallies", *map(sa.column, names))
    for first in range(0, len(rows), TOGETHER):
        op.bulk_insert(tallies, rows[first : first + TOGETHER])
