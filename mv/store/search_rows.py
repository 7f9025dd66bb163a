"""What the text search knows of a record, read from its rows: the texts it is found by, and its tags.

Only columns that these texts and tags need are named: the migration that fills the index reads by the same statements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import Connection, and_, bindparam, or_, select

from mv.domain.folding import fold
from mv.domain.ids import Kind, MemberId, RecordId, ServerId
from mv.domain.search import Filters, Passage, Place, Query
from mv.store.queries import AnyRow
from mv.store.search_index import MARK, TIERS, Entry, Wanted
from mv.store.tables import characters, scene_lists, scene_versions, scenes, takes

_SCENE_TEXTS = (
    "title", "description", "action", "location", "time_of_day", "lighting", "mood", "camera_movement", "cue",
)  # fmt: skip
"""Of a scene; what must not appear in it is nothing to find it by."""

_SHOWN = and_(
    characters.c.id == scene_lists.c.character_id,
    characters.c.deleted_at.is_(None),
    or_(~characters.c.private, and_(scene_lists.c.private, characters.c.owner_id == scene_lists.c.owner_id)),
)
_SHARED = ("id", "server_id", "number", "owner_id", "private", "deleted_at", "owner_name", "project_id")
_LISTS = (
    select(
        *(scene_lists.c[name] for name in _SHARED),
        *(scene_versions.c[name] for name in ("title", "logline", "brief", "engine")),
        characters.c.takes,
    )
    .join(
        scene_versions,
        and_(scene_versions.c.scene_list_id == scene_lists.c.id, scene_versions.c.number == scene_lists.c.versions),
    )
    .outerjoin(characters, _SHOWN)
    .where(scene_lists.c.id.in_(bindparam("ids", expanding=True)))
)
_SCENES = (
    select(scenes.c.scene_list_id, scenes.c.number.label("scene"), *(scenes.c[name] for name in _SCENE_TEXTS))
    .join(scene_lists, and_(scenes.c.scene_list_id == scene_lists.c.id, scenes.c.version == scene_lists.c.versions))
    .where(scenes.c.scene_list_id.in_(bindparam("ids", expanding=True)))
    .order_by(scenes.c.scene_list_id, scenes.c.number)
)
_CHARACTERS = select(*(characters.c[name] for name in (*_SHARED, "name", "description", "flavor", "takes"))).where(
    characters.c.id.in_(bindparam("ids", expanding=True))
)
_ENGINES = (
    select(takes.c.character_id, takes.c.engine)
    .where(takes.c.character_id.in_(bindparam("ids", expanding=True)))
    .distinct()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A record, as far as it is searched."""

    id: RecordId
    server_id: ServerId
    number: int
    deleted: bool
    passages: tuple[Passage, ...]
    tags: tuple[str, ...]

    def entry(self, kind: Kind) -> Entry:
        """As the index takes it."""
        apart = f" {MARK} "
        tiers = [apart.join(fold(p.text) for p in self.passages if p.place.tier == tier) for tier in TIERS]
        return Entry(
            server_id=self.server_id,
            kind=kind,
            number=self.number,
            tiers=(f"{MARK} {tiers[0]} {MARK}", f"{tiers[1]} {MARK}", tiers[2]),
            tags=self.tags,
        )


def documents(
    connection: Connection, kind: Kind, ids: Sequence[RecordId], whole: Sequence[RecordId] | None = None
) -> list[Document]:
    """Of the newest versions; in any order. Only those of `whole`, or else all, are read with their scenes."""
    if kind is Kind.CHARACTER:
        return _characters(connection, ids)
    return _scene_lists(connection, ids, ids if whole is None else whole)


def wanted(member: MemberId, query: Query, filters: Filters) -> Wanted:
    """For the eyes of a member: what is public, or their own."""
    groups: list[tuple[str, ...]] = [(_PUBLIC, _of_member(member))]
    groups += [tuple(map(_of_member, query.members))] if query.members else []
    if filters.project_id is not None:
        groups.append((_of_project(filters.project_id),))
    if filters.member_id is not None:
        groups.append((_of_member(filters.member_id),))
    if filters.engine is not None:
        groups.append((_named("e", filters.engine),))
    if filters.flavor is not None:
        groups.append((_named("f", filters.flavor),))
    if filters.has_picture:
        groups.append((_PICTURE,))
    no_tags = (_PICTURE,) if filters.has_picture is False else ()
    return Wanted(terms=query.terms, without=query.without, tags=tuple(groups), no_tags=no_tags)


_PUBLIC = f"{MARK}public"
_PICTURE = f"{MARK}picture"


def _of_member(member: int) -> str:
    return f"{MARK}m{member}"


def _of_project(project: str) -> str:
    return f"{MARK}p{project.lower()}"


def _named(kind: str, name: str) -> str:
    """Any name as one short word."""
    return MARK + kind + blake2b(name.strip().lower().encode(errors="replace"), digest_size=8).hexdigest()


def _tags(row: AnyRow, engines: Iterable[str], flavor: str, pictures: int | None) -> tuple[str, ...]:
    found = [_of_member(row.owner_id), _named("f", flavor), *(_named("e", engine) for engine in sorted(engines))]
    if not row.private:
        found.append(_PUBLIC)
    if row.project_id is not None:
        found.append(_of_project(row.project_id))
    if pictures:
        found.append(_PICTURE)
    return tuple(found)


def _scene_lists(connection: Connection, ids: Sequence[RecordId], whole: Sequence[RecordId]) -> list[Document]:
    made: dict[str, list[Passage]] = defaultdict(list)
    for row in connection.execute(_SCENES, {"ids": whole}) if whole else ():
        made[row.scene_list_id].append(_scene_passage(row))
    return [_list(row, made[row.id]) for row in connection.execute(_LISTS, {"ids": ids})]


def _scene_passage(row: AnyRow) -> Passage:
    texts = (getattr(row, name).strip() for name in _SCENE_TEXTS)
    return Passage(place=Place.SCENE, scene=row.scene, text=" · ".join(filter(None, texts)))


def _list(row: AnyRow, made: Iterable[Passage]) -> Document:
    idea, character, flavor = (str(row.brief.get(name) or "") for name in ("idea", "character", "flavor"))
    passages = (
        Passage(place=Place.TITLE, text=row.title),
        Passage(place=Place.IDEA, text=idea),
        Passage(place=Place.LOGLINE, text=row.logline),
        Passage(place=Place.CHARACTER, text=character),
        *made,
        Passage(place=Place.MEMBER, text=row.owner_name),
    )
    return _document(row, passages, _tags(row, filter(None, [row.engine]), flavor, row.takes))


def _characters(connection: Connection, ids: Sequence[RecordId]) -> list[Document]:
    engines: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(_ENGINES, {"ids": ids}):
        engines[row.character_id].append(row.engine)
    return [_character(row, engines[row.id]) for row in connection.execute(_CHARACTERS, {"ids": ids})]


def _character(row: AnyRow, engines: Iterable[str]) -> Document:
    passages = (
        Passage(place=Place.TITLE, text=row.name),
        Passage(place=Place.DESCRIPTION, text=row.description),
        Passage(place=Place.MEMBER, text=row.owner_name),
    )
    return _document(row, passages, _tags(row, engines, row.flavor, row.takes))


def _document(row: AnyRow, passages: tuple[Passage, ...], tags: tuple[str, ...]) -> Document:
    return Document(
        id=row.id,
        server_id=row.server_id,
        number=row.number,
        deleted=row.deleted_at is not None,
        passages=passages,
        tags=tags,
    )
