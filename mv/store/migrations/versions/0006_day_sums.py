"""Sums of the ledger by the UTC day beside those by the quarter of an hour, so that a month is summed from few rows."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """The table is made anew, for its key is another."""
    op.execute("CREATE TABLE quarters AS SELECT * FROM tallies")
    op.drop_table("tallies")
    op.create_table(
        "tallies",
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.String(8), nullable=False),
        sa.Column("subject", sa.String(26), nullable=False),
        sa.Column("span", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "scope", "subject", "span", "quarter", "kind", name="pk_tallies"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO tallies (server_id, scope, subject, span, quarter, kind, amount) "
        "SELECT server_id, scope, subject, 1, quarter, kind, amount FROM quarters"
    )
    op.execute(
        "INSERT INTO tallies (server_id, scope, subject, span, quarter, kind, amount) "
        "SELECT server_id, scope, subject, 96, quarter - quarter % 96, kind, sum(amount) FROM quarters "
        "GROUP BY server_id, scope, subject, quarter - quarter % 96, kind"
    )
    op.drop_table("quarters")
