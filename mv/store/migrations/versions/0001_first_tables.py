"""The first tables: projects, scene lists with versions and scenes, characters with takes, media, jobs with their
steps, ledger and quotas."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.String(26)
TIME = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _counters()
    _projects()
    _media()
    _characters()
    _takes()
    _scene_lists()
    _scene_versions()
    _scenes()
    _jobs()
    _steps()
    _ledger()
    _quotas()


def _needs(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, autoincrement="auto" if name == "id" else False)


def _may(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _index_where(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)


def _counters() -> None:
    op.create_table(
        "counters",
        _needs("server_id", sa.BigInteger()),
        _needs("kind", sa.String(1)),
        _needs("last", sa.BigInteger()),
        sa.PrimaryKeyConstraint("server_id", "kind", name="pk_counters"),
    )


def _projects() -> None:
    op.create_table(
        "projects",
        _needs("id", ID),
        _needs("server_id", sa.BigInteger()),
        _needs("number", sa.BigInteger()),
        _needs("name", sa.Text()),
        _needs("folded", sa.Text()),
        _needs("owner_id", sa.BigInteger()),
        _needs("created_at", TIME),
        _may("archived_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.UniqueConstraint("server_id", "number", name="uq_projects_server_id_number"),
    )
    _index_where("ix_projects_open", "projects", ["server_id", "folded"], "archived_at IS NULL", unique=True)


def _media() -> None:
    op.create_table(
        "media",
        _needs("id", ID),
        _needs("server_id", sa.BigInteger()),
        _needs("key", sa.Text()),
        _needs("sha256", sa.String(64)),
        _needs("mime", sa.String(100)),
        _needs("width", sa.Integer()),
        _needs("height", sa.Integer()),
        _needs("bytes", sa.BigInteger()),
        _needs("created_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_media"),
        sa.UniqueConstraint("key", name="uq_media_key"),
        sa.UniqueConstraint("server_id", "sha256", name="uq_media_server_id_sha256"),
    )


def _characters() -> None:
    op.create_table(
        "characters",
        _needs("id", ID),
        _needs("server_id", sa.BigInteger()),
        _needs("number", sa.BigInteger()),
        _needs("owner_id", sa.BigInteger()),
        _needs("private", sa.Boolean()),
        _needs("name", sa.Text()),
        _needs("folded", sa.Text()),
        _needs("description", sa.Text()),
        _needs("flavor", sa.Text()),
        _needs("request", sa.JSON()),
        _needs("defaults_applied", sa.JSON()),
        _needs("takes", sa.Integer()),
        _may("project_id", ID),
        _needs("created_at", TIME),
        _may("deleted_at", TIME),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_characters_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_characters"),
        sa.UniqueConstraint("server_id", "number", name="uq_characters_server_id_number"),
    )
    op.create_index("ix_characters_owner", "characters", ["server_id", "owner_id", "number"])
    op.create_index("ix_characters_project", "characters", ["server_id", "project_id", "number"])


def _takes() -> None:
    op.create_table(
        "takes",
        _needs("id", ID),
        _needs("character_id", ID),
        _needs("number", sa.Integer()),
        _needs("job_id", ID),
        _needs("original_id", ID),
        _needs("preview_id", ID),
        _needs("engine", sa.Text()),
        _needs("model_version", sa.Text()),
        _may("seed", sa.BigInteger()),
        _needs("aspect_ratio", sa.Text()),
        _may("cost", sa.BigInteger()),
        _needs("created_at", TIME),
        sa.ForeignKeyConstraint(["character_id"], ["characters.id"], name="fk_takes_character_id"),
        sa.ForeignKeyConstraint(["original_id"], ["media.id"], name="fk_takes_original_id"),
        sa.ForeignKeyConstraint(["preview_id"], ["media.id"], name="fk_takes_preview_id"),
        sa.PrimaryKeyConstraint("id", name="pk_takes"),
        sa.UniqueConstraint("job_id", "number", name="uq_takes_job_id_number"),
        sa.UniqueConstraint("character_id", "number", name="uq_takes_character_id_number"),
    )


def _scene_lists() -> None:
    op.create_table(
        "scene_lists",
        _needs("id", ID),
        _needs("server_id", sa.BigInteger()),
        _needs("number", sa.BigInteger()),
        _needs("owner_id", sa.BigInteger()),
        _needs("private", sa.Boolean()),
        _needs("title", sa.Text()),
        _needs("folded", sa.Text()),
        _needs("versions", sa.Integer()),
        _may("project_id", ID),
        _may("character_id", ID),
        _needs("created_at", TIME),
        _may("deleted_at", TIME),
        sa.ForeignKeyConstraint(["character_id"], ["characters.id"], name="fk_scene_lists_character_id"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_scene_lists_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_scene_lists"),
        sa.UniqueConstraint("server_id", "number", name="uq_scene_lists_server_id_number"),
    )
    op.create_index("ix_scene_lists_owner", "scene_lists", ["server_id", "owner_id", "number"])
    op.create_index("ix_scene_lists_project", "scene_lists", ["server_id", "project_id", "number"])


def _scene_versions() -> None:
    op.create_table(
        "scene_versions",
        _needs("scene_list_id", ID),
        _needs("number", sa.Integer()),
        _may("job_id", ID),
        _needs("author_id", sa.BigInteger()),
        _needs("title", sa.Text()),
        _needs("logline", sa.Text()),
        _needs("palette", sa.JSON()),
        _needs("brief", sa.JSON()),
        _needs("request", sa.JSON()),
        _needs("defaults_applied", sa.JSON()),
        _needs("engine", sa.Text()),
        _needs("model_version", sa.Text()),
        _needs("prompt_tokens", sa.BigInteger()),
        _needs("output_tokens", sa.BigInteger()),
        _needs("thinking_tokens", sa.BigInteger()),
        _may("cost", sa.BigInteger()),
        _needs("notes", sa.JSON()),
        _needs("created_at", TIME),
        sa.ForeignKeyConstraint(["scene_list_id"], ["scene_lists.id"], name="fk_scene_versions_scene_list_id"),
        sa.PrimaryKeyConstraint("scene_list_id", "number", name="pk_scene_versions"),
        sa.UniqueConstraint("job_id", name="uq_scene_versions_job_id"),
    )


def _scenes() -> None:
    op.create_table(
        "scenes",
        _needs("scene_list_id", ID),
        _needs("version", sa.Integer()),
        _needs("number", sa.Integer()),
        _needs("title", sa.Text()),
        _needs("description", sa.Text()),
        _needs("negative_description", sa.Text()),
        _needs("action", sa.Text()),
        _needs("location", sa.Text()),
        _needs("time_of_day", sa.Text()),
        _needs("shot_size", sa.String(8)),
        _needs("camera_angle", sa.Text()),
        _needs("camera_movement", sa.Text()),
        _needs("lighting", sa.Text()),
        _needs("mood", sa.Text()),
        _needs("transition", sa.Text()),
        _needs("duration_seconds", sa.Float(53)),
        _needs("cue", sa.Text()),
        sa.ForeignKeyConstraint(
            ["scene_list_id", "version"],
            ["scene_versions.scene_list_id", "scene_versions.number"],
            name="fk_scenes_scene_list_id_version",
        ),
        sa.PrimaryKeyConstraint("scene_list_id", "version", "number", name="pk_scenes"),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        _needs("id", ID),
        _needs("server_id", sa.BigInteger()),
        _needs("number", sa.BigInteger()),
        _needs("kind", sa.String(16)),
        _needs("state", sa.String(16)),
        _needs("member_id", sa.BigInteger()),
        _needs("private", sa.Boolean()),
        _needs("priority", sa.Integer()),
        _needs("order", sa.JSON()),
        _needs("engine", sa.Text()),
        _needs("vendor", sa.Text()),
        _may("project_id", ID),
        _needs("channel_id", sa.BigInteger()),
        _needs("application_id", sa.BigInteger()),
        _may("reply_token", sa.Text()),
        _may("token_expires_at", TIME),
        _needs("reply_private", sa.Boolean()),
        _may("message_id", sa.BigInteger()),
        _needs("upload_limit", sa.BigInteger()),
        _needs("created_at", TIME),
        _may("started_at", TIME),
        _may("finished_at", TIME),
        _may("record_id", ID),
        _may("version", sa.Integer()),
        _may("error", sa.String(80)),
        _may("error_facts", sa.JSON()),
        _may("cost", sa.BigInteger()),
        _may("delivered_at", TIME),
        _may("delivered_by", sa.String(16)),
        sa.CheckConstraint("(finished_at IS NULL) = (state IN ('queued', 'running'))", name=op.f("ck_jobs_finished")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_jobs_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("server_id", "number", name="uq_jobs_server_id_number"),
    )
    op.create_index("ix_jobs_member", "jobs", ["server_id", "member_id", "number"])
    _index_where("ix_jobs_open", "jobs", ["server_id", "member_id"], "finished_at IS NULL")
    _index_where("ix_jobs_token", "jobs", ["token_expires_at"], "reply_token IS NOT NULL")
    _index_where("ix_jobs_undelivered", "jobs", ["finished_at"], "delivered_at IS NULL AND finished_at IS NOT NULL")
    op.create_index("ix_jobs_usual", "jobs", ["engine", "kind", "state", "finished_at"])


def _steps() -> None:
    op.create_table(
        "steps",
        _needs("job_id", ID),
        _needs("name", sa.String(80)),
        _needs("position", sa.Integer()),
        _needs("intended_at", TIME),
        _may("done_at", TIME),
        _needs("value", sa.JSON()),
        _may("cost", sa.BigInteger()),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_steps_job_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "name", name="pk_steps"),
    )


def _ledger() -> None:
    op.create_table(
        "ledger",
        _needs("id", SERIAL),
        _needs("job_id", ID),
        _needs("server_id", sa.BigInteger()),
        _needs("member_id", sa.BigInteger()),
        _may("project_id", ID),
        _needs("kind", sa.String(16)),
        _needs("entry", sa.String(16)),
        _needs("amount", sa.BigInteger()),
        _needs("engine", sa.Text()),
        _needs("counted_at", TIME),
        _needs("at", TIME),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_ledger_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger"),
        sa.UniqueConstraint("job_id", "kind", "entry", name="uq_ledger_job_id_kind_entry"),
    )
    op.create_index("ix_ledger_used", "ledger", ["server_id", "member_id", "counted_at", "kind", "amount"])


def _quotas() -> None:
    op.create_table(
        "quotas",
        _needs("server_id", sa.BigInteger()),
        _needs("member_id", sa.BigInteger()),
        _needs("role_id", sa.BigInteger()),
        _needs("kind", sa.String(16)),
        _needs("period", sa.String(16)),
        _needs("allowed", sa.BigInteger()),
        _needs("set_by", sa.BigInteger()),
        _needs("set_at", TIME),
        sa.PrimaryKeyConstraint("server_id", "member_id", "role_id", "kind", "period", name="pk_quotas"),
    )
