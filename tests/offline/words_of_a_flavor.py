"""A flavor's vocabulary, small, and briefs to compose from."""

from __future__ import annotations

from typing import Any

from mv.config.model import Vocabulary
from mv.domain.engine import Engine, Makes, Vendor
from mv.domain.scenes import SceneBrief
from mv.ports import ScenePrompt

VOCABULARY = Vocabulary(
    locations=(
        "a pier at low tide",
        "a rooftop above the avenue",
        "rehearsal room",
        "an empty subway platform",
        "tunnels",
    ),
    times_of_day=("dawn", "noon", "late afternoon", "dusk", "night"),
    lighting=("soft window light", "low sun behind the subject", "sodium street lamps", "candlelight, warm and close"),
    moods=("hushed", "hopeful", "defiant", "restless", "tender", "playful"),
    movements=("slow push in", "held frame", "lateral tracking shot", "handheld follow", "crane up and away"),
    angles=("eye level", "low angle", "high angle", "from behind", "profile"),
    transitions=("hard cut on the beat", "slow dissolve", "match cut on a shape", "fade to black"),
    actions=(
        "walks against the stream",
        "stops and listens",
        "turns around",
        "leans into the wind",
        "run away",
        "waiting",
    ),
    avoid=("readable text, logos", "another face", "extra limbs"),
    palettes=(("#1f2a38", "#c7754a"), ("#22313F", "#e0a458", "#f3efe4", "#6b8f71", "#a63d40")),
)

ENGINE = Engine(
    name="offline-scenes", vendor=Vendor.OFFLINE, model="offline", makes=Makes.SCENES, label="Offline draft"
)


def brief(idea: str, character: str = "Mara, silver braid, yellow raincoat", **more: Any) -> SceneBrief:
    rest = {
        "count": 8,
        "traits": "expressive face",
        "video_type": "narrative music video",
        "style": "filmic colour, available light",
        "camera": "steady wides",
        "flavor": "default",
    }
    return SceneBrief(idea=idea, character=character, **{**rest, **more})


def prompt(asked: SceneBrief, *, count: int | None = None, have: tuple[str, ...] = ()) -> ScenePrompt:
    return ScenePrompt(system="-", user="-", count=asked.count if count is None else count, brief=asked, have=have)
