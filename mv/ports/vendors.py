"""What the services need of vendors, of pictures and of files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from mv.domain.engine import Engine
from mv.domain.scenes import SceneBrief, SceneDraft, TokenUsage
from mv.domain.spending import MonthSpend
from mv.errors import BadRequest

Report = Callable[[str], Awaitable[None]]
"""Called with one of these codes when a vendor makes us wait, and with GOES_ON when that wait is over."""
BUSY, RATE, PROBE, UNSURE, GOES_ON = "vendor_busy", "vendor_rate", "vendor_probe", "vendor_unsure", ""
IDLE = frozenset((BUSY, RATE, PROBE))
"""While a call that costs money waits for one of these, it was certainly not taken; at UNSURE it may have been."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenePrompt:
    """A finished prompt for one call. `count` scenes are asked for; `have` are the titles of those that came already
    (then only the missing ones are wanted)."""

    system: str
    user: str
    count: int
    brief: SceneBrief
    temperature: float | None = None
    max_output_tokens: int = 32768
    timeout_seconds: float = 120.0
    have: tuple[str, ...] = ()
    attempt: int = 1
    """Which version of the list this makes: engines that answer the same to the same vary by it."""
    exact: bool = True
    """Whether other than `count` scenes would be wrong; otherwise that is how many there are now."""
    current: SceneDraft | None = None
    """What is to be revised, by `instructions`; of it only one `scene`, if that is given."""
    instructions: str = ""
    scene: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneAnswer:
    """What came back from one call: decoded JSON (whatever its shape; of a cut-off answer what could be read), or None.
    `problem` is None, cut_off, not_json or empty. A refusal by the vendor's rules is an answer too, for it may have
    cost something: `rule` is one of Blocked's, and there is no payload."""

    payload: object | None
    usage: TokenUsage
    model_version: str
    problem: str | None = None
    rule: str | None = None


class SceneWriter(Protocol):
    """Turns a prompt into scenes. Raises VendorError or NotSetUp; retries what is worth retrying by itself."""

    async def write(self, engine: Engine, prompt: ScenePrompt, report: Report) -> SceneAnswer:
        """One answer. A model that is gone raises ModelGone."""

    async def warm(self) -> None:
        """Loads what is slow to load, off the event loop, before it is needed; may be left out."""
        return

    async def aclose(self) -> None:
        """Closes connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePrompt:
    """One request to a painter, for `images` pictures (1, unless the engine has a count parameter)."""

    text: str
    name: str
    description: str
    aspect_ratio: str
    images: int = 1
    seed: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """The flavor's, on top of the engine's own."""
    timeout_seconds: float = 300.0
    instructions: str = ""
    """What shall differ from the description; it stands in the text as well."""
    references: tuple[str, ...] = ()
    """Addresses of pictures to go by, as `Painter.lend` gave them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """A picture to go by; `mime` is its true type."""

    name: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What finds a started picture again after a restart: the vendor's prediction id, or the request itself. JSON."""

    id: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is known of an order whose ticket is lost. `since` is when it was about to be sent, by our clock; `taken`
    are the tickets that other orders have; `alike` counts the equal orders whose tickets are lost, this one included.
    """

    since: datetime
    taken: AbstractSet[str] = frozenset()
    alike: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    """The vendor's bytes, checked for size and host but not yet for being a picture. `missing` counts more that it made
    and is paid for, and did not give out."""

    pictures: tuple[bytes, ...]
    model_version: str
    missing: int = 0

    @property
    def made(self) -> int:
        """All that are paid for."""
        return len(self.pictures) + self.missing


class Painter(Protocol):
    """Makes pictures in two strides, so that a restart can go on between them. Raises VendorError or NotSetUp."""

    async def lend(self, engine: Engine, picture: Lent, report: Report) -> str:
        """Hands the vendor a picture to go by, for engines that take references: its address there. Costs
        nothing, so it may be done again. Raises BadRequest where none is taken."""
        raise BadRequest(vendor=engine.vendor.value, model=engine.model)

    async def start(self, engine: Engine, prompt: PicturePrompt, report: Report) -> Ticket:
        """Asks the vendor; from here on it may cost money. If whether it was accepted is unknown, raises Uncertain."""

    async def collect(self, engine: Engine, ticket: Ticket, timeout_seconds: float, report: Report) -> Painted:
        """Waits for the result and fetches it: at least one picture. May be called again with the same ticket. An error
        after pictures were made says how many, in `made`."""

    async def find(self, engine: Engine, prompt: PicturePrompt, search: Search) -> Ticket | None:
        """The order that was sent before a kill and whose ticket is not known: if the vendor has it without any doubt.
        Never starts anything; None also if the vendor cannot say."""
        return None

    async def cancel(self, engine: Engine, ticket: Ticket) -> int:
        """Stops it at the vendor as well as can be; never raises a VendorError. How many pictures it had made by then,
        which are paid for."""

    async def warm(self) -> None:
        """Loads what is slow to load, off the event loop, before it is needed; may be left out."""
        return

    async def aclose(self) -> None:
        """Closes connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewSpec:
    """How the light copy is made. `format` is webp or jpeg; `longest_edge` in pixels."""

    format: str = "webp"
    quality: int = 80
    effort: int = 2
    longest_edge: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Developed:
    """A picture that was checked: its true type and size, and its preview."""

    mime: str
    extension: str
    width: int
    height: int
    preview: bytes
    preview_mime: str
    preview_extension: str
    preview_width: int
    preview_height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCell:
    """A place on a contact sheet: a picture, if there is one still, with two lines below it."""

    picture: bytes | None
    title: str
    text: str


class Darkroom(Protocol):
    """Checks pictures and makes previews, off the event loop."""

    async def develop(self, data: bytes, spec: PreviewSpec) -> Developed:
        """Raises NoPicture (broken, not_a_picture, too_large)."""

    async def contact_sheet(self, cells: Sequence[ContactCell]) -> bytes:
        """A JPEG with all of them, some dozens at most; a picture that cannot be read is an empty frame."""


class Charts(Protocol):
    """Draws charts, off the event loop."""

    async def spend(self, month: MonthSpend) -> bytes:
        """A PNG of 1200x640 with a bar a day, a colour an engine. Raises NoChart."""

    async def aclose(self) -> None:
        """Lets go what is kept for the next one."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A stored file, and when it was last written."""

    key: str
    bytes: int
    modified: datetime


class Media(Protocol):
    """Files by key: a local folder or object storage."""

    async def put(self, key: str, data: bytes, mime: str) -> None:
        """Whole or not at all. Raises StorageFull, StorageError."""

    async def get(self, key: str) -> bytes:
        """Raises KeyError if there is none."""

    async def link(self, key: str, seconds: int) -> str | None:
        """An address by which whoever has it can fetch the file for so long, at most: to be kept out of logs and
        records as a secret is. None if this store cannot sign. Whether there is such a file is not looked at."""
        return None

    async def delete(self, key: str) -> None:
        """No error if there is none."""

    async def folders(self) -> tuple[str, ...]:
        """What keys begin with, up to the first slash."""

    def list(self, folder: str) -> AsyncIterator[Sequence[Listed]]:
        """The files of one folder, in any order, some at a time. Raises StorageError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorDoor:
    """Whether a vendor can be asked at all."""

    ready: bool
    variable: str
    """The environment variable that is missing, if it is not ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorState:
    """How a vendor does. `resting_until` is set while it is left alone because it kept failing; `probing`: the rest is
    over, and one call finds out whether it works again. `failures` in a row; `waiting` calls wait for its rate."""

    failures: int = 0
    resting_until: datetime | None = None
    probing: bool = False
    waiting: int = 0


class Gate(Protocol):
    """What stands before a vendor: lets calls through at its rate, and none while it rests."""

    def state(self) -> VendorState:
        """From memory."""

    async def turn(self, report: Report) -> None:
        """Waits until a call that starts work may be made; the call itself then follows through an adapter. Taken
        before what is about to be done is noted: it spends nothing and may be cancelled at any moment.
        Raises VendorDown at once while the vendor rests."""
