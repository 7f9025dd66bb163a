"""What a character job is asked for, as it is stored: by whoever asks, and for the runner."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from mv.domain import limits
from mv.domain.actor import Actor
from mv.domain.character import CharacterBrief, CharacterOrder, Take, Variation
from mv.domain.engine import Engine
from mv.domain.jobs import Job
from mv.domain.mydata import repeated_from
from mv.errors import NotChosen, Partial, revive

KIND = "character"
USUAL_RATIOS = ("1:1", "16:9", "9:16", "3:2", "2:3", "4:3", "3:4", "21:9")
"""What is suggested where an engine takes any."""
_RATIO = re.compile(r"[1-9]\d?:[1-9]\d?")


class CharacterTask(BaseModel):
    """A character job's order, as stored. `character_id` is set when a character gets new takes, and `variation` when
    these shall be like one of its takes."""

    model_config = ConfigDict(frozen=True)

    brief: CharacterBrief
    request: dict[str, Any]
    defaults_applied: dict[str, Any]
    engines: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What is to be said of these: see `LineUp`."""
    character_id: str | None = None
    numbers: tuple[int, ...] = ()
    """Which pictures of the request are made, from 1; all of them if none is named."""
    variation: Variation | None = None
    asked: str = ""
    """The engine that is meant, where another may be the first of `engines`, for it rests."""
    reuse: bool = False
    """Whether a character that was made by the same request will do."""
    lost: tuple[str, ...] = ()
    """The keys of those that will not, for their pictures are gone."""
    by: str = ""
    """What whoever asked was called then."""

    @property
    def meant(self) -> str:
        """The engine that shall make it; another may stand in for it, unless it was chosen."""
        return self.asked or self.engines[0]

    @property
    def chosen(self) -> bool:
        """Whether a member named the engine."""
        return self.request.get("engine") is not None


def checked(order: CharacterOrder) -> CharacterOrder:
    """The order with clean texts; raises Refused for what does not fit."""
    return order.model_copy(
        update={
            "description": limits.text("description", order.description, limits.DESCRIPTION),
            "name": limits.optional_text("name", order.name, limits.NAME),
            "aspect_ratio": "".join((order.aspect_ratio or "").split()) or None,
            "images": limits.number("images", order.images, limits.IMAGES),
            "seed": limits.number("seed", order.seed, limits.SEED),
        }
    )


def draw_seed() -> int:
    """A fresh seed, short enough to be typed again."""
    return secrets.randbelow(1_000_000_000)


def repeated(actor: Actor, made: Sequence[Take]) -> Variation | None:
    """What the takes of one job were to be like, for this actor; None if they came of the description alone."""
    if not any(take.instruction or take.from_take for take in made):
        return None
    first = made[0]
    words_by = repeated_from(actor.member_id, first.author_id, first.words_by) if first.instruction else None
    return Variation(instructions=first.instruction, take=first.from_take, words_by=words_by)


def rest_of(task: CharacterTask, job: Job) -> CharacterTask:
    """For the pictures that a job is missing: those numbers, or, where several were ordered at once, as many more by
    another seed."""
    missing = revive(job.error or "", dict(job.error_facts or {}))
    assert isinstance(missing, Partial)  # noqa: S101  # the caller's business
    brief = task.brief.model_copy(update={"images": max(1, missing.wanted - missing.got)})
    if missing.numbers:
        return task.model_copy(update={"brief": brief, "numbers": missing.numbers})
    seed = (brief.seed + missing.got) % (limits.SEED[1] + 1)
    return task.model_copy(update={"brief": brief.model_copy(update={"seed": seed}), "numbers": ()})


def for_ratio(engines: tuple[Engine, ...], ratio: str) -> tuple[Engine, ...]:
    """The engines that take this aspect ratio; raises NotChosen with what the first takes."""
    fit = tuple(engine for engine in engines if not engine.aspect_ratios or ratio in engine.aspect_ratios)
    if not fit or not _RATIO.fullmatch(ratio):
        raise NotChosen(field="aspect_ratio", given=ratio, allowed=engines[0].aspect_ratios or USUAL_RATIOS)
    return fit
