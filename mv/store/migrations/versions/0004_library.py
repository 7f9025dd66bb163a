"""What makes records a library: who made a version and why, stars, main takes, settings of servers, text search, and
who asked to be forgotten."""

import sqlalchemy as sa
from alembic import op

from mv.store import search

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    for table in ("scene_lists", "characters"):
        op.add_column(table, sa.Column("owner_name", sa.Text(), nullable=False, server_default=""))
        op.add_column(table, sa.Column("starred_at", TIME))
        op.create_index(f"ix_{table}_since", table, ["server_id", "created_at", "number"])
        _index_where(f"ix_{table}_deleted", table, ["deleted_at"], "deleted_at IS NOT NULL")
    _index_where("ix_scene_lists_character", "scene_lists", ["character_id", "number"], "character_id IS NOT NULL")
    op.add_column("characters", sa.Column("main_take", sa.Integer()))
    op.add_column("takes", sa.Column("author_id", sa.BigInteger()))
    op.add_column("takes", sa.Column("instruction", sa.Text(), nullable=False, server_default=""))
    op.add_column("takes", sa.Column("from_take", sa.Integer()))
    op.create_index("ix_takes_original", "takes", ["original_id"])
    op.create_index("ix_takes_preview", "takes", ["preview_id"])
    _index_where("ix_jobs_delivered", "jobs", ["server_id", "finished_at"], "delivered_at IS NOT NULL")
    op.add_column("scene_versions", sa.Column("change", sa.String(16), nullable=False, server_default="create"))
    op.add_column("scene_versions", sa.Column("based_on", sa.Integer()))
    op.add_column("scene_versions", sa.Column("scene", sa.Integer()))
    op.add_column("scene_versions", sa.Column("instruction", sa.Text(), nullable=False, server_default=""))
    _settings()
    _people()
    search.create(op.get_bind())
    search.fill(op.get_bind())


def _settings() -> None:
    op.create_table(
        "settings",
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("set_by", sa.BigInteger(), nullable=False),
        sa.Column("set_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("server_id", "channel_id", "name", name="pk_settings"),
    )
    op.create_table(
        "servers",
        sa.Column("ordinal", ID, nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("left_at", TIME),
        sa.PrimaryKeyConstraint("ordinal", name="pk_servers"),
        sa.UniqueConstraint("server_id", name="uq_servers_server_id"),
    )


def _people() -> None:
    """What belongs to one member, and to one project, is found by an index."""
    for table in ("scene_lists", "scene_versions", "takes"):
        op.add_column(table, sa.Column("words_by", sa.BigInteger()))
        _index_where(f"ix_{table}_words", table, ["words_by"], "words_by IS NOT NULL")
    op.create_index("ix_scene_versions_author", "scene_versions", ["author_id"])
    _index_where("ix_takes_author", "takes", ["author_id"], "author_id IS NOT NULL")
    _index_where("ix_jobs_project", "jobs", ["project_id", "number"], "project_id IS NOT NULL")
    _index_where("ix_ledger_project", "ledger", ["project_id", "kind", "amount"], "project_id IS NOT NULL")
    op.create_table(
        "forgotten",
        sa.Column("server_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("erased_at", TIME),
        sa.PrimaryKeyConstraint("server_id", "member_id", name="pk_forgotten"),
    )


def _index_where(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
