"""What every service works with, wired once by `mv.app`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

from mv.config import Config
from mv.domain.actor import Actor
from mv.domain.engine import Engine, Makes, Vendor
from mv.domain.ids import ServerId
from mv.errors import NotSetUp, ServerOnly, Unknown, VendorResting
from mv.ports import (
    Charts,
    Clock,
    Darkroom,
    Gate,
    JobEngine,
    Media,
    Meter,
    Painter,
    Records,
    Report,
    SceneWriter,
    Seen,
    Unmetered,
    VendorDoor,
)
from mv.services.preferences import Preferences


@dataclass(frozen=True, slots=True, kw_only=True)
class LineUp:
    """Engines to try, at least one, in order. `rests` names the one that should have been the first, if its vendor is
    left alone."""

    engines: tuple[Engine, ...]
    rests: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Of all of them."""
        return tuple(engine.name for engine in self.engines)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of it."""
        return (f"engine_down:{self.rests}",) if self.rests else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Ports and configuration. `scratch` is a folder for files of the moment, emptied at every start. `stand_in` lets
    offline engines step in for vendors without a key: the preview only."""

    records: Records
    clock: Clock
    config: Config
    jobs: JobEngine
    media: Media
    darkroom: Darkroom
    charts: Charts
    preferences: Preferences
    scratch: Path
    writers: Mapping[Vendor, SceneWriter]
    painters: Mapping[Vendor, Painter]
    doors: Mapping[Vendor, VendorDoor] = field(default_factory=dict)
    gates: Mapping[Vendor, Gate] = field(default_factory=dict)
    meter: Meter = field(default_factory=Unmetered)
    stand_in: bool = False

    def meant(self, makes: Makes, names: Sequence[str], chosen: str | None) -> tuple[Engine, ...]:
        """The engines that a request means, whether they can be asked now or not, the first of all: the one a member
        chose, else those of the flavor whose vendor has a key; if none has, all of them. Raises Unknown for an engine
        that does not exist or makes something else."""
        if chosen is not None:
            engine = self.config.engine(chosen)
            if engine.makes is not makes:
                fit = tuple(other.name for other in self.config.engines_for(makes))
                raise Unknown(kind="engine", given=chosen, nearest=fit[:3])
            wanted: tuple[Engine, ...] = (engine,)
        else:
            listed = tuple(self.config.engine(name) for name in names)
            wanted = tuple(e for i, e in enumerate(listed) if i == 0 or e.vendor is not Vendor.OFFLINE)
        ready = tuple(engine for engine in wanted if self.doors[engine.vendor].ready)
        if not ready and self.stand_in and chosen is None:
            return tuple(e for e in self.config.engines_for(makes) if e.vendor is Vendor.OFFLINE)[:1]
        return ready or wanted

    def line_up(self, makes: Makes, names: Sequence[str], chosen: str | None) -> LineUp:
        """The engines to try, in order: of those that are meant the ones that cost no more than the first, and whose
        vendor does not rest.

        Raises Unknown as `meant`, NotSetUp when no vendor can be asked, VendorResting when all that could be are left
        alone.
        """
        meant = self.meant(makes, names, chosen)
        first, door = meant[0], self.doors[meant[0].vendor]
        if not door.ready:
            raise NotSetUp(vendor=first.vendor.value, variable=door.variable)
        day = self.clock.now().date()
        awake = self._awake([engine for engine in meant if engine.costs_no_more(first, day)])
        return LineUp(engines=awake, rests="" if awake[0] is first else first.name)

    def _awake(self, engines: Sequence[Engine]) -> tuple[Engine, ...]:
        """Those whose vendor does not rest; raises VendorResting if all do. There must be one."""
        until: dict[Vendor, int] = {}
        for vendor, gate in self.gates.items():
            end = gate.state().resting_until
            if end is not None:
                until[vendor] = ceil(end.timestamp())
        awake = tuple(engine for engine in engines if engine.vendor not in until)
        if not awake:
            first = min((engine.vendor for engine in engines), key=until.__getitem__)
            raise VendorResting(vendor=first.value, until=until[first])
        return awake

    async def turn(self, vendor: Vendor, asked: SceneWriter | Painter, report: Report) -> None:
        """Waits until the vendor may be `asked`: its client is loaded, and `Gate.turn` lets it through. All that may
        take time is done before an intent is noted: a kill after that costs a try. Raises NotSetUp if the key was
        taken away since the job was admitted."""
        door = self.doors.get(vendor)
        if door is not None and not door.ready:
            raise NotSetUp(vendor=vendor.value, variable=door.variable)
        await asked.warm()
        gate = self.gates.get(vendor)
        if gate is not None:
            await gate.turn(report)


def server_of(actor: Actor) -> ServerId:
    """The actor's server; raises ServerOnly in a direct message."""
    if actor.server_id is None:
        raise ServerOnly()
    return actor.server_id


def eyes(actor: Actor) -> Seen:
    """What this actor may see; raises ServerOnly in a direct message."""
    return Seen(server_id=server_of(actor), member_id=actor.member_id)
