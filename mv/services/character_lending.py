"""The picture that new takes go by, handed to the vendor: journalled with its address, which is part of every order of
the job. It costs nothing, so a kill before the note does no harm: it is handed over once more."""

from __future__ import annotations

from pathlib import PurePosixPath

from mv.domain.character import Take
from mv.domain.engine import Engine
from mv.domain.ids import RecordId
from mv.errors import NotFound
from mv.ports import Lent, Report, Run, Transaction
from mv.services.attempt import ended_step
from mv.services.character_task import KIND, CharacterTask
from mv.services.intake import kept
from mv.services.tools import Tools

LEND = "lend:"
"""The name of the step begins so; then the engine."""


class Lending:
    """That of all character jobs of this process."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def references(self, run: Run, task: CharacterTask, engine: Engine, report: Report) -> tuple[str, ...]:
        """Addresses of the pictures this engine is to go by: none, where it takes none or the task names no take.
        Raises NotFound for a take or a file that is gone, VendorError."""
        number = task.variation.take if task.variation else None
        if number is None or task.character_id is None or not engine.takes_references:
            return ()
        step = f"{LEND}{engine.name}"
        seen = ended_step(await run.journal.seen(step))
        if seen is not None:
            return (str(seen.value["address"]),)
        picture = await self._picture(RecordId(task.character_id), number)
        painter = self._tools.painters[engine.vendor]
        await self._tools.turn(engine.vendor, painter, report)
        address = await painter.lend(engine, picture, report)
        await run.journal.done(step, address=address)
        return (address,)

    async def _picture(self, record_id: RecordId, number: int) -> Lent:
        take = await self._take(record_id, number)
        try:
            data = await kept(self._tools.media, take.original)
        except KeyError as error:
            raise NotFound(kind="file", given=f"take {number}") from error
        return Lent(name=PurePosixPath(take.original.key).name, mime=take.original.mime, data=data)

    async def _take(self, record_id: RecordId, number: int) -> Take:
        async with self._tools.records.read() as tx:
            record = await tx.characters.get(record_id)
            take = await tx.characters.take(record_id, number)
        if record is None:
            raise NotFound(kind=KIND, given="")
        if take is None:
            raise NotFound(kind="take", given=f"{record.ref} take {number}")
        return take


async def lent(tx: Transaction, job_id: RecordId, engine: Engine) -> tuple[str, ...]:
    """The addresses of what a job has lent to this engine so far."""
    seen = ended_step(await tx.jobs.step(job_id, f"{LEND}{engine.name}"))
    return () if seen is None else (str(seen.value["address"]),)
