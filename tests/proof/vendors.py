"""Gemini and Replicate with books of their own: what they really said and made, and to which life of the bot."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.standins.gemini import GeminiStandIn, Reply, wants_picture
from tests.standins.replicate import Prediction, ReplicateStandIn, Script
from tests.torture.words import word_in

_CALL: ContextVar[Call] = ContextVar("call")
_MODEL: ContextVar[str] = ContextVar("model")


@dataclass(kw_only=True)
class Call:
    """One generateContent. What it is worth is only known when the answer is there. `cut`: nobody was on the line any
    more when it would have been given, so it was not. `ended` is 0 until then."""

    word: str
    model: str
    life: int
    paints: bool
    prompt: str
    ended: float = 0.0
    cut: bool = False
    planned: bool = False
    """Whether the line was cut here, on purpose."""
    version: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    pictures: int = 0

    @property
    def worth(self) -> bool:
        """Whether it is to be paid for, if it was heard."""
        return bool(self.pictures if self.paints else self.tokens_in)

    def read(self, answer: Mapping[str, Any]) -> None:
        """By the very words that go over the wire."""
        used, self.version = answer.get("usageMetadata", {}), answer.get("modelVersion", "")
        self.tokens_in = used.get("promptTokenCount", 0)
        self.tokens_out = used.get("candidatesTokenCount", 0) + used.get("thoughtsTokenCount", 0)
        parts = [part for one in answer.get("candidates", ()) for part in one.get("content", {}).get("parts", ())]
        self.pictures = sum("inlineData" in part and not part.get("thought") for part in parts)

    def __str__(self) -> str:
        what = f"{self.pictures} picture" if self.paints else f"{self.tokens_in}+{self.tokens_out} tokens"
        return f"{self.word}: {what} of {self.version or self.model}, asked in life {self.life}"


class BookedGemini(GeminiStandIn):
    """`plan` says how a call is answered; `life` is the number of the bot's process."""

    def __init__(self, plan: Callable[[Call], Reply], life: Callable[[], int]) -> None:
        super().__init__(edge=48, decide=lambda _: plan(_CALL.get()))
        self._life = life
        self.book: list[Call] = []

    async def _call(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        prompt = "".join(part.get("text", "") for content in body["contents"] for part in content["parts"])
        model, paints = request.match_info["call"].partition(":")[0], wants_picture(body)
        call = Call(word=word_in(prompt), model=model, life=self._life(), paints=paints, prompt=prompt)
        self.book.append(call)
        _CALL.set(call)
        response = await super()._call(request)
        call.ended, call.cut = time.monotonic(), request.transport is None or request.transport.is_closing()
        if isinstance(response, web.Response) and response.status == 200 and response.text:
            call.read(json.loads(response.text))
        return response


class BookedReplicate(ReplicateStandIn):
    """`plan` is told the input and the model; `lives` has the process that each prediction was made for."""

    def __init__(self, plan: Callable[[Mapping[str, Any], str], Script], life: Callable[[], int]) -> None:
        super().__init__(edge=48, decide=lambda values: plan(values, _MODEL.get()))
        self._life = life
        self.lives: dict[str, int] = {}
        self.downloaded: set[str] = set()
        """The words of those whose files were asked for."""

    async def _create(self, request: web.Request) -> web.StreamResponse:
        _MODEL.set(f"{request.match_info['owner']}/{request.match_info['name']}")
        return await super()._create(request)

    def _accept(self, request: web.Request, body: Mapping[str, Any], script: Script) -> Prediction:
        made = super()._accept(request, body, script)
        self.lives[made.id] = self._life()
        return made

    async def _file(self, request: web.Request) -> web.StreamResponse:
        self.downloaded.add(word_of(self.predictions[request.match_info["id"]]))
        return await super()._file(request)

    def paid(self) -> list[Prediction]:
        """Those that came to pass, whoever knows of them. One that was cancelled in time costs nothing, nor does one
        that failed."""
        return [one for one in self.predictions.values() if one.status == "succeeded"]


def word_of(prediction: Prediction) -> str:
    return word_in(str(prediction.input["prompt"]))
