"""Every table, once. Keys and indexes are what makes records exactly-once and lists quick; `migrations/` follows.

A job may be cleaned up while what it made and what it cost stay: `job_id` outside `steps` is a mark, not a foreign key.
Indexes with a condition name it for SQLite here and for both databases in the migrations, which alone make PostgreSQL's
tables: to name its dialect here would import it at every start (130 ms).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from mv.store.types import UtcTime, Words

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

ID = String(26)
"""A ULID."""
SERIAL = BigInteger().with_variant(Integer, "sqlite")
"""Counts up by itself; SQLite does so for INTEGER only."""


def _json(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), nullable=nullable)


def _of_server(*columns: Column[Any]) -> list[Any]:
    """What every numbered record has, then its own columns."""
    return [
        Column("id", ID, primary_key=True),
        Column("server_id", BigInteger, nullable=False),
        Column("number", BigInteger, nullable=False),
        *columns,
        UniqueConstraint("server_id", "number"),
    ]


def _of_library() -> list[Column[Any]]:
    """What records have that members search and keep; `owner_name` as the owner was called when it was made."""
    return [Column("owner_name", Words, nullable=False, server_default=""), Column("starred_at", UtcTime)]


def _reused(table: str) -> list[Any]:
    """The key of the request that made it, by which the same request is answered from the library."""
    asked = Column("request_key", String(32))
    where = text("request_key IS NOT NULL")
    return [asked, Index(f"ix_{table}_request", "server_id", "request_key", sqlite_where=where)]


def _repeated(table: str) -> list[Any]:
    """Whose words it repeats, where these are another member's: by Again, and by Edit and retry."""
    words_by = Column("words_by", BigInteger)
    return [words_by, Index(f"ix_{table}_words", "words_by", sqlite_where=text("words_by IS NOT NULL"))]


counters = Table(
    "counters",
    metadata,
    Column("server_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(1), primary_key=True),
    Column("last", BigInteger, nullable=False),
)

projects = Table(
    "projects",
    metadata,
    *_of_server(
        Column("name", Words, nullable=False),
        Column("folded", Words, nullable=False),
        Column("owner_id", BigInteger, nullable=False),
        Column("created_at", UtcTime, nullable=False),
        Column("archived_at", UtcTime),
        Column("budget", BigInteger),
    ),
    Index("ix_projects_open", "server_id", "folded", unique=True, sqlite_where=text("archived_at IS NULL")),
)

media = Table(
    "media",
    metadata,
    Column("id", ID, primary_key=True),
    Column("server_id", BigInteger, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("sha256", String(64), nullable=False),
    Column("mime", String(100), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("server_id", "sha256"),
)

characters = Table(
    "characters",
    metadata,
    *_of_server(
        Column("owner_id", BigInteger, nullable=False),
        Column("private", Boolean, nullable=False),
        Column("name", Words, nullable=False),
        Column("folded", Words, nullable=False),
        Column("description", Words, nullable=False),
        Column("flavor", Words, nullable=False),
        _json("request"),
        _json("defaults_applied"),
        Column("takes", Integer, nullable=False),
        Column("project_id", ID, ForeignKey("projects.id")),
        Column("created_at", UtcTime, nullable=False),
        Column("deleted_at", UtcTime),
        *_of_library(),
        Column("main_take", Integer),
    ),
    *_reused("characters"),
    Index("ix_characters_owner", "server_id", "owner_id", "number"),
    Index("ix_characters_project", "server_id", "project_id", "number"),
    Index("ix_characters_since", "server_id", "created_at", "number"),
    Index("ix_characters_deleted", "deleted_at", sqlite_where=text("deleted_at IS NOT NULL")),
)

takes = Table(
    "takes",
    metadata,
    Column("id", ID, primary_key=True),
    Column("character_id", ID, ForeignKey("characters.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("job_id", ID, nullable=False),
    Column("original_id", ID, ForeignKey("media.id"), nullable=False),
    Column("preview_id", ID, ForeignKey("media.id"), nullable=False),
    Column("engine", Text, nullable=False),
    Column("model_version", Words, nullable=False),
    Column("seed", BigInteger),
    Column("aspect_ratio", Text, nullable=False),
    Column("cost", BigInteger),
    Column("created_at", UtcTime, nullable=False),
    Column("author_id", BigInteger),
    Column("instruction", Words, nullable=False, server_default=""),
    Column("from_take", Integer),
    *_repeated("takes"),
    UniqueConstraint("character_id", "number"),
    UniqueConstraint("job_id", "number"),
    Index("ix_takes_author", "author_id", sqlite_where=text("author_id IS NOT NULL")),
    Index("ix_takes_original", "original_id"),
    Index("ix_takes_preview", "preview_id"),
)

scene_lists = Table(
    "scene_lists",
    metadata,
    *_of_server(
        Column("owner_id", BigInteger, nullable=False),
        Column("private", Boolean, nullable=False),
        Column("title", Words, nullable=False),
        Column("folded", Words, nullable=False),
        Column("versions", Integer, nullable=False),
        Column("project_id", ID, ForeignKey("projects.id")),
        Column("character_id", ID, ForeignKey("characters.id")),
        Column("created_at", UtcTime, nullable=False),
        Column("deleted_at", UtcTime),
        *_of_library(),
    ),
    *_repeated("scene_lists"),
    *_reused("scene_lists"),
    Index("ix_scene_lists_owner", "server_id", "owner_id", "number"),
    Index("ix_scene_lists_project", "server_id", "project_id", "number"),
    Index("ix_scene_lists_since", "server_id", "created_at", "number"),
    Index("ix_scene_lists_character", "character_id", "number", sqlite_where=text("character_id IS NOT NULL")),
    Index("ix_scene_lists_deleted", "deleted_at", sqlite_where=text("deleted_at IS NOT NULL")),
)

scene_versions = Table(
    "scene_versions",
    metadata,
    Column("scene_list_id", ID, ForeignKey("scene_lists.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("job_id", ID, unique=True),
    Column("author_id", BigInteger, nullable=False),
    Column("title", Words, nullable=False),
    Column("logline", Words, nullable=False),
    _json("palette"),
    _json("brief"),
    _json("request"),
    _json("defaults_applied"),
    Column("engine", Text, nullable=False),
    Column("model_version", Words, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("thinking_tokens", BigInteger, nullable=False),
    Column("cost", BigInteger),
    _json("notes"),
    Column("created_at", UtcTime, nullable=False),
    Column("change", String(16), nullable=False, server_default="create"),
    Column("based_on", Integer),
    Column("scene", Integer),
    Column("instruction", Words, nullable=False, server_default=""),
    *_repeated("scene_versions"),
    Index("ix_scene_versions_author", "author_id"),
)

scenes = Table(
    "scenes",
    metadata,
    Column("scene_list_id", ID, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("title", Words, nullable=False),
    Column("description", Words, nullable=False),
    Column("negative_description", Words, nullable=False),
    Column("action", Words, nullable=False),
    Column("location", Words, nullable=False),
    Column("time_of_day", Words, nullable=False),
    Column("shot_size", String(8), nullable=False),
    Column("camera_angle", Words, nullable=False),
    Column("camera_movement", Words, nullable=False),
    Column("lighting", Words, nullable=False),
    Column("mood", Words, nullable=False),
    Column("transition", Words, nullable=False),
    Column("duration_seconds", Float(53), nullable=False),
    Column("cue", Words, nullable=False),
    ForeignKeyConstraint(["scene_list_id", "version"], ["scene_versions.scene_list_id", "scene_versions.number"]),
)

jobs = Table(
    "jobs",
    metadata,
    *_of_server(
        Column("kind", String(16), nullable=False),
        Column("state", String(16), nullable=False),
        Column("member_id", BigInteger, nullable=False),
        Column("private", Boolean, nullable=False),
        Column("priority", Integer, nullable=False),
        _json("order"),
        Column("engine", Text, nullable=False),
        Column("vendor", Text, nullable=False),
        Column("project_id", ID, ForeignKey("projects.id")),
        Column("channel_id", BigInteger, nullable=False),
        Column("application_id", BigInteger, nullable=False),
        Column("reply_token", Text),
        Column("token_expires_at", UtcTime),
        Column("reply_private", Boolean, nullable=False),
        Column("message_id", BigInteger),
        Column("upload_limit", BigInteger, nullable=False),
        Column("created_at", UtcTime, nullable=False),
        Column("started_at", UtcTime),
        Column("finished_at", UtcTime),
        Column("record_id", ID),
        Column("version", Integer),
        Column("error", String(80)),
        _json("error_facts", nullable=True),
        Column("cost", BigInteger),
        Column("delivered_at", UtcTime),
        Column("delivered_by", String(16)),
        Column("interaction_id", BigInteger),
        Column("once", String(64)),
    ),
    CheckConstraint("(finished_at IS NULL) = (state IN ('queued', 'running'))", name="finished"),
    Index("ix_jobs_member", "server_id", "member_id", "number"),
    Index("ix_jobs_open", "server_id", "member_id", sqlite_where=text("finished_at IS NULL")),
    Index(
        "ix_jobs_undelivered",
        "finished_at",
        sqlite_where=text("delivered_at IS NULL AND finished_at IS NOT NULL"),
    ),
    Index("ix_jobs_delivered", "server_id", "finished_at", sqlite_where=text("delivered_at IS NOT NULL")),
    Index("ix_jobs_token", "token_expires_at", sqlite_where=text("reply_token IS NOT NULL")),
    Index("ix_jobs_usual", "engine", "kind", "state", "finished_at"),
    Index("ix_jobs_interaction", "interaction_id", unique=True),
    Index("ix_jobs_once", "once", sqlite_where=text("once IS NOT NULL")),
    Index("ix_jobs_project", "project_id", "number", sqlite_where=text("project_id IS NOT NULL")),
)

steps = Table(
    "steps",
    metadata,
    Column("job_id", ID, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("intended_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
    _json("value"),
    Column("cost", BigInteger),
)

ledger = Table(
    "ledger",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("job_id", ID, nullable=False),
    Column("server_id", BigInteger, nullable=False),
    Column("member_id", BigInteger, nullable=False),
    Column("project_id", ID, ForeignKey("projects.id")),
    Column("kind", String(16), nullable=False),
    Column("entry", String(16), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("engine", Text, nullable=False),
    Column("counted_at", UtcTime, nullable=False),
    Column("at", UtcTime, nullable=False),
    _json("price", nullable=True),
    UniqueConstraint("job_id", "kind", "entry", "engine"),
    Index("ix_ledger_member", "server_id", "member_id", "counted_at"),
    Index("ix_ledger_counted", "server_id", "counted_at"),
    Index("ix_ledger_project", "project_id", "kind", "amount", sqlite_where=text("project_id IS NOT NULL")),
)

# Sums of the ledger by the quarter of an hour and by the UTC day, written with it, so that what a command may use is
# known without reading a month's entries. Of a member (`subject` is their number), a project (its key), a server, or
# the whole bot (server 0). `span` is how many quarters a sum is of, 1 or 96, and `quarter` the first of them.
tallies = Table(
    "tallies",
    metadata,
    Column("server_id", BigInteger, nullable=False),
    Column("scope", String(8), nullable=False),
    Column("subject", String(26), nullable=False),
    Column("span", Integer, nullable=False),
    Column("quarter", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("server_id", "scope", "subject", "span", "quarter", "kind"),
    sqlite_with_rowid=False,
)

# That a budget is nearly used up, or is: once for every month, share and budget. `told_at` is when the managers were.
warnings = Table(
    "warnings",
    metadata,
    Column("server_id", BigInteger, nullable=False),
    Column("scope", String(8), nullable=False),
    Column("subject", String(26), nullable=False),
    Column("month", String(7), nullable=False),
    Column("percent", Integer, nullable=False),
    Column("allowed", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("noted_at", UtcTime, nullable=False),
    Column("told_at", UtcTime),
    PrimaryKeyConstraint("server_id", "scope", "subject", "month", "percent", "allowed"),
    Index("ix_warnings_untold", "noted_at", sqlite_where=text("told_at IS NULL")),
)

# In this key 0 is "no member" and "no role": with NULL there, every row would be unlike every other.
quotas = Table(
    "quotas",
    metadata,
    Column("server_id", BigInteger, nullable=False),
    Column("member_id", BigInteger, nullable=False),
    Column("role_id", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("period", String(16), nullable=False),
    Column("allowed", BigInteger, nullable=False),
    Column("set_by", BigInteger, nullable=False),
    Column("set_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("server_id", "member_id", "role_id", "kind", "period"),
)

# Channel 0 stands for the whole server.
settings = Table(
    "settings",
    metadata,
    Column("server_id", BigInteger, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("name", String(32), nullable=False),
    _json("value"),
    Column("set_by", BigInteger, nullable=False),
    Column("set_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("server_id", "channel_id", "name"),
)

# `ordinal` begins the keys of a server's entries in the text search; `left_at` is when the bot left it.
servers = Table(
    "servers",
    metadata,
    Column("ordinal", SERIAL, primary_key=True),
    Column("server_id", BigInteger, nullable=False, unique=True),
    Column("left_at", UtcTime),
)

# Who asked to be forgotten, until nothing names them any more: then the row goes too.
forgotten = Table(
    "forgotten",
    metadata,
    Column("server_id", BigInteger, primary_key=True, autoincrement=False),
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("erased_at", UtcTime),
)
