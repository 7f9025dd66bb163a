"""What configs/ says, as checked values. `load.py` reads it; nothing here reads a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mv.domain.settings import MOST_DAYS, known_zone
from mv.domain.usage import AllowanceKind, Period
from mv.ports import PreviewSpec


class Strict(BaseModel):
    """A section of a file: an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _zone(name: str) -> str:
    if not known_zone(name):
        raise ValueError("no such time zone")
    return name


Phrase = Annotated[str, Field(min_length=1, max_length=100)]
Word = Annotated[str, Field(min_length=1, max_length=300)]
Template = Annotated[str, Field(min_length=1, max_length=50_000)]
OptionalTemplate = Annotated[str, Field(max_length=50_000)]
EngineList = Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", description='a colour such as "#1b2a41" (in quotes)')]
Palette = Annotated[tuple[Colour, ...], Field(min_length=1, max_length=6)]
Zone = Annotated[str, AfterValidator(_zone), Field(description="a time zone such as UTC or Europe/Berlin")]
Host = Annotated[
    str,
    Field(
        pattern=r"^\.?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
        description="a host such as replicate.delivery, or .replicate.delivery for every host below it",
    ),
]


class SceneDefaults(Strict):
    """What fills the gaps a member left in /scenes create."""

    count: int = Field(ge=1, le=24)
    traits: str = Field(max_length=1000)
    video_type: str = Field(min_length=1, max_length=200)
    style: str = Field(min_length=1, max_length=200)
    camera: str = Field(min_length=1, max_length=200)


class SceneSuggestions(Strict):
    """What autocomplete offers; any text passes."""

    video_type: tuple[Phrase, ...]
    style: tuple[Phrase, ...]
    camera: tuple[Phrase, ...]


class Vocabulary(Strict):
    """Words the offline engine composes with, and that a flavor gives its own colour."""

    locations: tuple[Word, ...] = Field(min_length=4)
    times_of_day: tuple[Word, ...] = Field(min_length=2)
    lighting: tuple[Word, ...] = Field(min_length=3)
    moods: tuple[Word, ...] = Field(min_length=3)
    movements: tuple[Word, ...] = Field(min_length=4)
    angles: tuple[Word, ...] = Field(min_length=3)
    transitions: tuple[Word, ...] = Field(min_length=3)
    actions: tuple[Word, ...] = Field(min_length=4)
    avoid: tuple[Word, ...] = Field(min_length=1)
    palettes: tuple[Palette, ...] = Field(min_length=1)


class SceneParams(Strict):
    """scene_params.yaml."""

    engines: EngineList
    """Names of models.yaml, tried in order when one is gone."""
    defaults: SceneDefaults
    suggestions: SceneSuggestions
    vocabulary: Vocabulary
    temperature: float | None = Field(None, ge=0, le=2)
    max_output_tokens: int = Field(ge=1024, le=65536)
    timeout_seconds: float = Field(gt=0, le=900)
    shortest_scene_seconds: float = Field(gt=0, le=600)
    longest_scene_seconds: float = Field(gt=0, le=600)


class ScenePrompts(Strict):
    """scene_prompts.yaml: Jinja2 templates. Variables: idea, character, traits, count, video_type, style, camera,
    flavor, shortest, longest (seconds), vocabulary (lists of words by name), fence (a mark that occurs in no text of a
    member's). `look` is rendered first and is a variable of the others; `more` also has `have` (titles so far),
    `missing` (a count) and `instructions` (empty unless a list is revised); `revise` has `instructions` and `current`
    (the list as JSON); `revise_scene` these, and `number`, `scene`, `before`, `after` (JSON; of neighbours that do not
    exist nothing)."""

    look: OptionalTemplate = ""
    """What a flavor wants beyond the rules that hold for all."""
    system: Template
    user: Template
    more: Template
    revise: Template
    revise_scene: Template


class ImageDefaults(Strict):
    """What fills the gaps a member left in /character create."""

    aspect_ratio: str = Field(pattern=r"^\d{1,2}:\d{1,2}$", description="a width and a height such as 16:9")
    images: int = Field(ge=1, le=4)


class Preview(Strict):
    """The light copy that Discord shows. Metadata is never carried over."""

    format: Literal["webp", "jpeg"]
    quality: int = Field(ge=1, le=100)
    effort: int = Field(ge=0, le=6)
    longest_edge: int = Field(ge=64, le=4096)

    def spec(self) -> PreviewSpec:
        """As the darkroom wants it."""
        return PreviewSpec(format=self.format, quality=self.quality, effort=self.effort, longest_edge=self.longest_edge)


class ImageParams(Strict):
    """image_params.yaml."""

    engines: EngineList
    defaults: ImageDefaults
    preview: Preview
    parameters: Mapping[str, Any] = Field(default_factory=dict)
    timeout_seconds: float = Field(gt=0, le=3600)


class ImagePrompts(Strict):
    """image_prompts.yaml: Jinja2 templates. Variables: description, name, aspect_ratio, flavor, take (from 1), images;
    `look` is rendered first and is a variable of the others; `vary` also has `instructions` (may be empty) and
    `reference` (whether a picture goes along)."""

    look: OptionalTemplate = ""
    picture: Template
    vary: Template


class Concurrency(Strict):
    """How many jobs run at once. `per_vendor` has vendor names as keys; a vendor that is not named has no limit."""

    total: int = Field(ge=1, le=1000)
    per_member: int = Field(ge=1, le=1000)
    per_vendor: Mapping[str, Annotated[int, Field(ge=1, le=1000)]] = Field(default_factory=dict)
    waiting_per_member: int = Field(ge=1, le=1000)
    """Jobs queued or running that one member may have."""
    cheap: float = Field(0.05, ge=0, le=1000)
    """US dollars. A job that is estimated to cost no more goes before the same member's costlier ones."""


class AllowanceLimit(Strict):
    """A limit for every member where no manager set one; `spend` is in micro-dollars here."""

    kind: AllowanceKind
    limit: int = Field(ge=0)
    period: Period


class Pictures(Strict):
    """Caps on what a vendor may send."""

    max_bytes: int = Field(ge=100_000)
    max_pixels: int = Field(ge=10_000)
    hosts: tuple[Host, ...] = Field(min_length=1)
    """Hosts that pictures are fetched from; `.example.com` also allows every host below it."""


class VendorLimits(Strict):
    """How vendors are asked, and when one that keeps failing is left alone. All of it may be left out."""

    per_minute: Mapping[str, Annotated[int, Field(ge=1, le=100_000)]] = Field(default_factory=dict)
    """Calls that start work, by vendor; a vendor that is not named has no limit."""
    rest_after_failures: int = Field(5, ge=1, le=1000)
    rest_seconds: float = Field(20, gt=0, le=86_400)
    longest_rest_seconds: float = Field(300, gt=0, le=86_400)


class Retention(Strict):
    """How long what is not needed any more is kept. Days of 0 are off. All of it may be left out."""

    keep_jobs_days: int = Field(0, ge=0, le=MOST_DAYS)
    keep_takes_days: int = Field(0, ge=0, le=MOST_DAYS)
    keep_deleted_days: int = Field(0, ge=0, le=MOST_DAYS)
    undo_hours: int = Field(24, ge=1, le=24 * 365)
    left_server_days: int = Field(30, ge=0, le=MOST_DAYS)
    """0 keeps them for ever, as the others do."""


class Reuse(Strict):
    """Whether the same request is answered from the library, at no cost. All of it may be left out."""

    characters: bool = True
    scenes: bool = False


class Budgets(Strict):
    """Micro-dollars a month; None is no budget."""

    server: int | None = None
    """Of each server whose managers set none."""
    bot: int | None = None
    """Of all servers together."""


class LimitKeys(Strict):
    """What limits.yaml says in the same words as the program."""

    concurrency: Concurrency
    vendors: VendorLimits = Field(default_factory=VendorLimits)
    pictures: Pictures
    retention: Retention = Field(default_factory=Retention)
    reuse: Reuse = Field(default_factory=Reuse)
    commands_per_minute: int = Field(300, ge=1, le=100_000)
    """Of one member, over all servers; buttons and forms count as well."""
    time_zone: Zone = "UTC"
    notify_after_seconds: int = Field(ge=0, le=86_400)
    """0 is off."""
    progress_every_seconds: float = Field(ge=2, le=60)


class Limits(LimitKeys):
    """limits.yaml."""

    allowances: tuple[AllowanceLimit, ...]
    budgets: Budgets = Field(default_factory=Budgets)
    ask_over: int | None = None
    """Micro-dollars; None asks about nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    """A named set of prompts and defaults: `default/`, with the keys that its own folder overrides."""

    name: str
    label: str
    scene_params: SceneParams
    scene_prompts: ScenePrompts
    image_params: ImageParams
    image_prompts: ImagePrompts
    sources: Mapping[str, str] = field(default_factory=dict)
    """Dotted key (`scene_params.defaults.count`) → the flavor it was read from."""
