"""Characters as they are kept: shown with their pictures, their originals and their history; renamed, and which take
stands for one."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby

from mv.config import Config
from mv.domain import limits
from mv.domain.actor import Actor
from mv.domain.character import Character, CharacterView, History, Link, MediaFile, Original, Take, TakesOfJob
from mv.domain.ids import Kind, RecordId, Ref
from mv.domain.jobs import REUSED, Job
from mv.errors import NotFound
from mv.ports import Seen, Transaction
from mv.services.character_task import KIND, CharacterTask
from mv.services.intake import kept
from mv.services.reuse import Keys, asked_before
from mv.services.shelf import Shelf
from mv.services.smaller import ORIGINALS, PREVIEWS, smaller
from mv.services.standing_in import passed_over
from mv.services.tools import Tools, eyes

log = logging.getLogger(__name__)

SHOWN = limits.IMAGES[1]
"""Takes in one message at most."""
LISTS = 5
"""Scene lists named beside a character at most."""
JOBS = 7
"""Jobs on a page of a history."""
LINK_SECONDS = 3600
"""How long a link to a file works: long enough to fetch it by a slow line, and over before it is found by others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """A character as it is shown: takes with their previews by take id; a preview that is gone is absent. `smaller`
    are those that were made smaller yet, to fit. `notes` are codes, `text_only:imagen-4` and its like."""

    view: CharacterView
    previews: Mapping[RecordId, bytes]
    smaller: AbstractSet[RecordId] = frozenset()
    notes: tuple[str, ...] = ()


class CharacterLibrary(Shelf[Character]):
    """What asks nobody but the records."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools, Kind.CHARACTER, KIND, lambda tx: tx.characters)

    # ── shown ────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def show(self, actor: Actor, given: str, take: int | None = None) -> Portrait:
        """By ref: its main take and those of its newest job, or one take alone; with the newest scene lists made with
        it that everybody may see who sees this. Raises NotFound."""
        async with self._tools.records.read() as tx:
            record = await self._find(tx, actor, given)
            takes = (await known_take(tx, record, take),) if take else await _shown(tx, record)
            seen = eyes(actor)
            lists = await tx.scenes.lists_of(record.id, seen, private=record.private, size=LISTS)
        return await self._portrait(CharacterView(record=record, takes=takes, lists=lists))

    async def named(self, actor: Actor, given: str) -> Character:
        """By ref. Raises NotFound."""
        async with self._tools.records.read() as tx:
            return await self._find(tx, actor, given)

    async def view(self, actor: Actor, record_id: RecordId) -> CharacterView:
        """By key, for the buttons; in a direct message only the owner's own. Raises NotFound."""
        async with self._tools.records.read() as tx:
            record = await self._visible(tx, actor, record_id)
            return CharacterView(record=record, takes=await _shown(tx, record))

    async def made_before(self, seen: Seen, keys: Keys, images: int, *, private: bool) -> list[Portrait]:
        """The characters that the request with these keys made, with all takes, the best first. Previews may be
        lost."""
        async with self._tools.records.read() as tx:
            records = await asked_before(tx.characters, seen, keys, private=private)
            found = [(record, await first_takes(tx, record)) for record in records]
        return [
            await self._portrait(CharacterView(record=record, takes=takes, reused_for=seen.member_id))
            for record, takes in found
            if len(takes) == images
        ]

    async def result(self, job: Job, room: int | None = None) -> Portrait:
        """What a finished job made, or was given out of the library: takes with previews of `room` bytes in all at
        most."""
        async with self._tools.records.read() as tx:
            record = await tx.characters.get(job.record_id, deleted=True) if job.record_id else None
            if record is None:
                raise NotFound(kind=KIND, given=str(job.ref))
            steps = await tx.jobs.steps(job.id)
            reused, passed = any(step.name == REUSED for step in steps), passed_over(steps)
            takes = await (first_takes(tx, record) if reused else tx.characters.takes(record.id, job_id=job.id))
        view = CharacterView(record=record, takes=takes, reused_for=job.member_id if reused else None)
        portrait = await self._portrait(view, room)
        task = CharacterTask.model_validate(job.order)
        return replace(portrait, notes=(*task.notes, *passed, *_notes(task, takes, self._tools.config)))

    async def _portrait(self, view: CharacterView, room: int | None = None) -> Portrait:
        previews: dict[RecordId, bytes] = {}
        shrunk: set[RecordId] = set()
        share = None if room is None else room // max(1, len(view.takes))
        for take in view.takes:
            try:
                preview = await kept(self._tools.media, take.preview)
            except KeyError:
                continue
            if share is not None and len(preview) > share:
                small = await smaller(self._tools.darkroom, preview, share, PREVIEWS)
                if small is not None:
                    preview = small.preview
                    shrunk.add(take.id)
            previews[take.id] = preview
        return Portrait(view=view, previews=previews, smaller=shrunk)

    # ── the vendor's files ───────────────────────────────────────────────────────────────────────────────────────────

    async def originals(
        self, actor: Actor, given: str, take: int | None = None, room: int | None = None
    ) -> tuple[Original, ...]:
        """The vendor's files, by ref: of all takes, or of one; for files over `room` bytes links, or smaller pictures
        where the store gives out none. A file that is gone or changed is left out. Raises NotFound. Costs a read of
        every file."""
        async with self._tools.records.read() as tx:
            record = await self._find(tx, actor, given)
            takes = (await known_take(tx, record, take),) if take else await tx.characters.takes(record.id)
        return await self._originals(record, takes, room)

    async def originals_by_id(
        self,
        actor: Actor,
        record_id: RecordId,
        job_id: RecordId | None = None,
        room: int | None = None,
        *,
        numbers: Sequence[int] = (),
    ) -> tuple[Original, ...]:
        """The vendor's files of one message's takes, for the button: of these numbers, else of that job; as
        `originals`. Raises NotFound."""
        async with self._tools.records.read() as tx:
            record = await self._visible(tx, actor, record_id)
            if numbers:
                found = [await tx.characters.take(record.id, number) for number in numbers]
                takes = tuple(take for take in found if take is not None)
            else:
                takes = await tx.characters.takes(record.id, job_id=job_id)
        return await self._originals(record, takes, room)

    async def _originals(self, record: Character, takes: Sequence[Take], room: int | None) -> tuple[Original, ...]:
        if not takes:
            raise NotFound(kind="take", given=str(record.ref))
        found = []
        for take in takes:
            try:
                found.append(await self._original(take, room))
            except KeyError:
                continue
        if not found:
            raise NotFound(kind="file", given=str(record.ref))
        return tuple(found)

    async def _original(self, take: Take, room: int | None) -> Original:
        data = await kept(self._tools.media, take.original)  # also for a link: it promises the very file
        if room is None or len(data) <= room:
            return Original(take=take, data=data)
        link = await self._link(take.original)
        if link is not None:
            return Original(take=take, link=link)
        small = await smaller(self._tools.darkroom, data, room, ORIGINALS)
        if small is not None:
            return Original(take=take, data=small.preview, smaller=small.preview_extension)
        return Original(take=take, data=data)

    async def _link(self, file: MediaFile) -> Link | None:
        """None if the store gives out none, or one that no message holds."""
        until = self._tools.clock.now() + timedelta(seconds=LINK_SECONDS)
        address = await self._tools.media.link(file.key, LINK_SECONDS)
        return Link(address=address, until=until) if address and len(address) <= limits.LINK else None

    # ── changed, and what was ────────────────────────────────────────────────────────────────────────────────────────

    async def rename(self, actor: Actor, given: str, name: str) -> Character:
        """By ref; whoever sees it may. What was made with it before keeps its text. Raises NotFound, Empty, TooLong."""
        name = limits.text("name", name, limits.NAME)
        async with self._tools.records.write() as tx:
            record = await self._find(tx, actor, given)
            await tx.characters.rename(record.id, name)
        log.info("%s of server %s is renamed, by member %s", record.ref, record.server_id, actor.member_id)
        return replace(record, name=name)

    async def choose_main(self, actor: Actor, given: str, take: int) -> Character:
        """By ref: the take that stands for it from now on; whoever sees the character may. Raises NotFound."""
        async with self._tools.records.write() as tx:
            record = await self._find(tx, actor, given)
            await known_take(tx, record, take)
            await tx.characters.set_main(record.id, take)
        what = f"take {take} is the main one of {record.ref}"
        log.info("%s of server %s, by member %s", what, record.server_id, actor.member_id)
        return replace(record, main_take=take)

    async def history(self, actor: Actor, given: str, before: int | None = None) -> History:
        """By ref: a page of what its jobs made, those with takes below `before`, newest first. Raises NotFound."""
        async with self._tools.records.read() as tx:
            record = await self._find(tx, actor, given)
            takes = await tx.characters.newest_takes(record.id, before=before, size=JOBS * SHOWN + 1)
        jobs = [TakesOfJob(takes=tuple(reversed([*made]))) for _, made in groupby(takes, lambda take: take.job_id)]
        shown = tuple(jobs[:JOBS])
        more = len(jobs) > JOBS
        return History(record=record, jobs=shown, before=shown[-1].takes[0].number if more else None)

    async def history_of(self, actor: Actor, number: int, before: int | None) -> History:
        """The next page, by the character's number."""
        return await self.history(actor, str(Ref(Kind.CHARACTER, number)), before)


async def first_takes(tx: Transaction, record: Character) -> tuple[Take, ...]:
    """Those that its first request made: its key is that job's."""
    return await tx.characters.takes(record.id, job_id=record.id)


async def known_take(tx: Transaction, record: Character, number: int) -> Take:
    """One of its takes. Raises NotFound."""
    take = await tx.characters.take(record.id, number) if 1 <= number <= record.takes else None
    if take is None:
        raise NotFound(kind="take", given=f"{record.ref} take {number}")
    return take


async def main_take(tx: Transaction, record: Character) -> Take | None:
    """The take that stands for it: the one chosen, else the newest; None if there is none."""
    chosen = await tx.characters.take(record.id, record.main_take) if record.main_take else None
    if chosen is not None:
        return chosen
    return next(iter(await tx.characters.newest_takes(record.id, size=1)), None)


async def _shown(tx: Transaction, record: Character) -> tuple[Take, ...]:
    """The takes that fit into one message: the main one, if one was chosen, then those of the newest job."""
    newest = await tx.characters.newest_takes(record.id, size=SHOWN)
    of_job = [take for take in reversed(newest) if take.job_id == newest[0].job_id]
    chosen = await tx.characters.take(record.id, record.main_take) if record.main_take else None
    first = [] if chosen is None else [chosen]
    return tuple([*first, *(take for take in of_job if take.number != record.main_take)][:SHOWN])


def _notes(task: CharacterTask, takes: Sequence[Take], config: Config) -> tuple[str, ...]:
    """What is to be said of takes that were made to be like another, and without its picture."""
    if task.variation is None or not takes or takes[0].from_take is not None:
        return ()
    used = takes[0].engine
    if _goes_by_pictures(config, used):
        return ()
    note = f"{'text_only' if task.variation.instructions else 'as_again'}:{used}"
    listed = config.kept_flavor(task.brief.flavor).image_params.engines
    later = listed[listed.index(used) + 1 :] if used in listed else ()
    able = [name for name in later if _goes_by_pictures(config, name)]
    return (note, f"able:{able[0]}") if task.variation.named and able else (note,)


def _goes_by_pictures(config: Config, engine: str) -> bool:
    return engine in config.engines and config.engines[engine].takes_references
