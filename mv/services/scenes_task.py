"""What a scenes job is asked for, as it is stored: by whoever asks, and for the runner."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from mv.domain import limits
from mv.domain.engine import Engine
from mv.domain.ids import MemberId
from mv.domain.scenes import SceneBrief, SceneOrder, TokenUsage

KIND = "scene list"
PROMPT_TOKENS = 1_500
TOKENS_A_SCENE = 450
THINKING_TOKENS = 4_000
"""An estimate on the high side for what is reserved; what is settled is what the vendor counted."""


class Revision(BaseModel):
    """What is to become of a version: of all of it, or of one scene by its number."""

    model_config = ConfigDict(frozen=True)

    based_on: int
    instructions: str
    scene: int | None = None
    newest: int | None = None
    """The newest version that whoever asked knew of; None: the one of the moment when it was asked."""
    words_by: MemberId | None = None
    """Whose instructions these are, where whoever asked repeats another's."""

    def retyped(self, instructions: str, scene: int | None) -> Revision:
        """The same, with what came back from a form that showed it."""
        words_by = self.words_by if instructions.strip() == self.instructions else None
        return self.model_copy(update={"instructions": instructions, "scene": scene, "words_by": words_by})


class SceneTask(BaseModel):
    """A scenes job's order, as stored: all that the runner needs. `list_id` is set when a list gets a new version."""

    model_config = ConfigDict(frozen=True)

    brief: SceneBrief
    request: dict[str, Any]
    defaults_applied: dict[str, Any]
    engines: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What is to be said of these: see `LineUp`."""
    list_id: str | None = None
    attempt: int = 1
    """The version it makes, as far as can be foreseen when it is asked for."""
    revision: Revision | None = None
    shown: int = 0
    """How many scenes the version has that is revised."""
    character_id: str | None = None
    asked: str = ""
    """The engine that is meant, where another may be the first of `engines`, for it rests."""
    reuse: bool = False
    """Whether a list that was made by the same request will do."""
    by: str = ""
    """What whoever asked was called then."""
    words_by: MemberId | None = None
    """Whose words the request of a new list holds, where whoever asked took them over from another's."""

    @property
    def meant(self) -> str:
        """The engine that shall make it; another may stand in for it."""
        return self.asked or self.engines[0]

    @property
    def count(self) -> int:
        """How many scenes it makes, as far as can be foreseen."""
        return self.shown or self.brief.count


def checked(order: SceneOrder) -> SceneOrder:
    """The order with clean texts; raises Refused for what does not fit."""
    return order.model_copy(
        update={
            "idea": limits.text("idea", order.idea, limits.IDEA),
            "character": limits.text("character", order.character, limits.CHARACTER),
            "count": limits.number("count", order.count, limits.SCENES),
            "traits": limits.optional_text("traits", order.traits, limits.TRAITS),
            "video_type": limits.optional_text("video_type", order.video_type, limits.STYLE),
            "style": limits.optional_text("style", order.style, limits.STYLE),
            "camera": limits.optional_text("camera", order.camera, limits.STYLE),
        }
    )


def estimate(engine: Engine, count: int, day: date, *, shown: int = 0) -> int | None:
    """Micro-dollars to reserve for a list of `count` scenes, made from one of `shown`; None if unpriced."""
    usage = TokenUsage(
        prompt_tokens=PROMPT_TOKENS + shown * TOKENS_A_SCENE,
        output_tokens=count * TOKENS_A_SCENE,
        thinking_tokens=THINKING_TOKENS,
    )
    return engine.scene_cost(usage, day)
