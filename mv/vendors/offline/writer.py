"""The offline engine for scene lists, behind the same port as the vendors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mv.config.model import Vocabulary
from mv.domain.engine import Engine
from mv.domain.scenes import TokenUsage
from mv.ports import Report, SceneAnswer, ScenePrompt, SceneWriter
from mv.vendors.offline.revision import revise
from mv.vendors.offline.scenes import compose

MODEL_VERSION = "offline-1"
PAUSES = 4


class OfflineWriter(SceneWriter):
    """Composes from the brief and its flavor's vocabulary, which `vocabulary` finds by the flavor's name; no network,
    no cost. `pause_seconds` are spent in a few reported steps, so that a preview has progress to show."""

    def __init__(self, vocabulary: Callable[[str], Vocabulary], *, pause_seconds: float = 0.0) -> None:
        self._vocabulary = vocabulary
        self._pause = pause_seconds

    async def write(self, engine: Engine, prompt: ScenePrompt, report: Report) -> SceneAnswer:
        """Always an answer. 24 scenes are about 5 ms of a core, in a thread."""
        await pause(self._pause, "drafting", report)
        brief = prompt.brief
        words = self._vocabulary(brief.flavor)
        if prompt.current is not None:
            payload = await asyncio.to_thread(revise, prompt, prompt.current, words)
        else:
            payload = await asyncio.to_thread(
                compose, brief, words, count=prompt.count, have=prompt.have, attempt=prompt.attempt
            )
        return SceneAnswer(payload=payload, usage=TokenUsage(), model_version=MODEL_VERSION)

    async def aclose(self) -> None:
        """Holds nothing."""


async def pause(seconds: float, code: str, report: Report) -> None:
    """Sleeps in steps and reports before each; nothing at all for zero."""
    if seconds <= 0:
        return
    for _ in range(PAUSES):
        await report(code)
        await asyncio.sleep(seconds / PAUSES)
