"""The only wiring: settings in, a working App out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from mv.config import Config, load_config
from mv.config.model import Vocabulary
from mv.domain.engine import Vendor
from mv.domain.jobs import JobKind
from mv.jobs.engine import LocalEngine
from mv.ports import Clock, Media, Meter, Painter, Records, SceneWriter, Unmetered, VendorDoor
from mv.services.admission import Desk
from mv.services.audit import Auditor
from mv.services.budgets import BudgetWatch
from mv.services.character import Characters
from mv.services.character_run import CharacterRunner
from mv.services.cleanup import Cleaner
from mv.services.cleanup_tools import Keeping
from mv.services.exports import Exports
from mv.services.jobs import Jobs
from mv.services.mydata import MyData
from mv.services.packing import Packer
from mv.services.preferences import Preferences
from mv.services.project import Projects
from mv.services.scenes import Scenes
from mv.services.scenes_edit import SceneEdits
from mv.services.scenes_history import SceneHistory
from mv.services.scenes_import import SceneImports
from mv.services.scenes_run import SceneRunner
from mv.services.servers import Servers
from mv.services.settings import ServerSettings
from mv.services.tools import Tools
from mv.services.trace import Trace
from mv.services.usage import Usage
from mv.services.usage_report import UsageReports
from mv.settings import Settings
from mv.store.charts import MatplotlibCharts
from mv.store.darkroom import PillowDarkroom
from mv.store.lock import FolderLock
from mv.store.media import ObjectMedia
from mv.store.opening import OpeningRecords
from mv.store.scraps import FolderScraps, empty
from mv.vendors.gated import gated_painters, gated_writers, gates_for
from mv.vendors.gemini import GeminiWriter
from mv.vendors.gemini_painter import GeminiPainter
from mv.vendors.offline import OfflinePainter, OfflineWriter
from mv.vendors.replicate import ReplicatePainter

Adapters = tuple[Mapping[Vendor, SceneWriter], Mapping[Vendor, Painter]]
"""What asks the vendors."""


class SystemClock(Clock):
    """The machine's time."""

    def now(self) -> datetime:
        """Aware, in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Everything but Discord. `open` before use, `close` after."""

    settings: Settings
    config: Config
    clock: Clock
    tools: Tools
    engine: LocalEngine
    scenes: Scenes
    scene_edits: SceneEdits
    scene_history: SceneHistory
    characters: Characters
    projects: Projects
    jobs: Jobs
    usage: Usage
    usage_reports: UsageReports
    exports: Exports
    imports: SceneImports
    mydata: MyData
    server_settings: ServerSettings
    servers: Servers
    cleaner: Cleaner
    auditor: Auditor
    watch: BudgetWatch
    _database: OpeningRecords
    _lock: FolderLock

    async def open(self) -> None:
        """Takes the data folder, empties its scratch and opens the records. Raises StartError, StorageError."""
        self._lock.acquire()
        await asyncio.to_thread(empty, self.tools.scratch)
        await self._database.open()

    async def warm(self) -> None:
        """Loads the clients of the vendors that have a key, one after the other; best when nobody waits."""
        for vendor, door in self.tools.doors.items():
            for adapter in (self.tools.writers.get(vendor), self.tools.painters.get(vendor)):
                if door.ready and adapter is not None:
                    await adapter.warm()

    async def close(self, seconds: float = 5.0) -> None:
        """Gives running jobs that long, then closes everything; what was not finished goes on after the next start."""
        await self.engine.drain(seconds)
        for writer in self.tools.writers.values():
            await writer.aclose()
        for painter in self.tools.painters.values():
            await painter.aclose()
        await self.tools.charts.aclose()
        await self._database.close()
        self._lock.release()


def build(
    settings: Settings,
    *,
    stand_in: bool = False,
    pause_seconds: float = 0.0,
    clock: Clock | None = None,
    vendors: Callable[[Settings, Config], Adapters] | None = None,
    meter: Meter | None = None,
) -> App:
    """Raises ConfigMistake. `stand_in` and `pause_seconds` are the preview's: offline engines step in for vendors
    without a key, and take their time, so that progress can be watched. `vendors` makes other adapters than ours, or
    ours with less patience."""
    clock, meter = clock or SystemClock(), meter or Unmetered()
    config = load_config(settings.config_dir)
    database = OpeningRecords(settings.database, clock=clock)
    engine = LocalEngine(database, clock, config.limits.concurrency, meter=meter)
    writers, painters = vendors(settings, config) if vendors else _vendors(settings, config, pause_seconds)
    gates = gates_for(config.limits.vendors, clock, meter)
    tools = Tools(
        records=database,
        clock=clock,
        config=config,
        jobs=engine,
        media=ObjectMedia.at(settings.media_url, settings.data_dir),
        darkroom=PillowDarkroom(max_pixels=config.limits.pictures.max_pixels),
        preferences=Preferences(database, config.limits),
        charts=MatplotlibCharts(settings.data_dir / "scratch"),
        scratch=settings.data_dir / "scratch",
        writers=gated_writers(writers, gates),
        painters=gated_painters(painters, gates),
        doors=doors(settings),
        gates=gates,
        meter=meter,
        stand_in=stand_in,
    )
    desk, trace = Desk(database, clock, config, meter, tools.preferences), Trace(settings.debug, config)
    packer = Packer(tools)
    engine.register(JobKind.SCENES, SceneRunner(tools, trace))
    engine.register(JobKind.CHARACTER, CharacterRunner(tools, trace))
    return App(
        settings=settings,
        config=config,
        clock=clock,
        tools=tools,
        engine=engine,
        scenes=Scenes(tools, desk),
        scene_edits=SceneEdits(tools),
        scene_history=SceneHistory(tools),
        characters=Characters(tools, desk),
        projects=Projects(tools),
        jobs=Jobs(tools),
        usage=Usage(tools),
        usage_reports=UsageReports(tools, packer),
        exports=Exports(tools, packer),
        imports=SceneImports(tools),
        mydata=MyData(tools, packer),
        server_settings=ServerSettings(tools),
        servers=Servers(tools),
        auditor=Auditor(database, clock),
        watch=BudgetWatch(tools, desk),
        cleaner=cleaner_of(settings, database, tools.media, tools.preferences, clock, config),
        _database=database,
        _lock=FolderLock(settings.data_dir, _elsewhere(settings)),
    )


def cleaner_of(
    settings: Settings, records: Records, media: Media, preferences: Preferences, clock: Clock, config: Config
) -> Cleaner:
    """What cleans up."""
    keeping = Keeping(
        records=records, media=media, clock=clock, retention=config.limits.retention, preferences=preferences
    )
    return Cleaner(keeping, FolderScraps.of(settings.data_dir, _elsewhere(settings), settings.media_url))


def _elsewhere(settings: Settings) -> Path | None:
    """The file with the records, if it was asked to be somewhere of its own."""
    if settings.database_url is None:
        return None
    from mv.store.database import file_of  # slow to import: see OpeningRecords

    return file_of(settings.database)


def doors(settings: Settings) -> dict[Vendor, VendorDoor]:
    """Which vendors have what they need."""
    return {
        Vendor.GEMINI: VendorDoor(ready=settings.gemini_api_key is not None, variable="GEMINI_API_KEY"),
        Vendor.REPLICATE: VendorDoor(ready=settings.replicate_api_token is not None, variable="REPLICATE_API_TOKEN"),
        Vendor.OFFLINE: VendorDoor(ready=True, variable=""),
    }


def _vendors(settings: Settings, config: Config, pause_seconds: float) -> Adapters:
    def words(flavor: str) -> Vocabulary:
        return config.flavor(flavor).scene_params.vocabulary

    writers: dict[Vendor, SceneWriter] = {
        Vendor.GEMINI: GeminiWriter(
            _text(settings.gemini_api_key),
            base_url=settings.gemini_base_url,
            api_version=settings.gemini_api_version,
        ),
        Vendor.OFFLINE: OfflineWriter(words, pause_seconds=pause_seconds),
    }
    painters: dict[Vendor, Painter] = {
        Vendor.GEMINI: GeminiPainter(
            _text(settings.gemini_api_key),
            base_url=settings.gemini_base_url,
            api_version=settings.gemini_api_version,
            pictures=config.limits.pictures,
        ),
        Vendor.REPLICATE: ReplicatePainter(
            _text(settings.replicate_api_token),
            base_url=settings.replicate_base_url,
            pictures=config.limits.pictures,
        ),
        Vendor.OFFLINE: OfflinePainter(pause_seconds=pause_seconds),
    }
    return writers, painters


def _text(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
