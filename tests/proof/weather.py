"""What befalls a request, by its word: planned when it is asked, so that everything that comes of it meets the same."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.proof.vendors import Call
from tests.standins.gemini import Reply, refusal, retry_info
from tests.standins.local import Fault
from tests.standins.replicate import Script
from tests.torture.words import word_in

SLOWEST = 0.3
CANCELLED = ("cancel", "cancel late")
"""Troubles that a member makes: Cancel is pressed, while the vendor is at work or when it is done already."""
DOWN = "Service is temporarily unavailable. Please try again later. (E004)"
PRO, IMAGEN, FLUX = "gemini-2.5-pro", "google/imagen-4", "black-forest-labs/flux-1.1-pro"
UNAVAILABLE = refusal(503, "UNAVAILABLE", "The model is overloaded.")
NOT_FOUND = refusal(404, "NOT_FOUND", "models/gemini-2.5-pro is not found for API version v1.")
BUSY = refusal(429, "RESOURCE_EXHAUSTED", "Resource exhausted.", retry_info("0.2s"))
MALFORMED = refusal(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Of one word. `images` are those of one job, each of which may be a prediction of its own."""

    trouble: str = "fine"
    images: int = 1


class Weather:
    """Answers by the plans. A trouble befalls the first job of a word; what is made of it later goes well."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.plans: dict[str, Plan] = {}
        self._met: Counter[tuple[str, str]] = Counter()
        self._told = count(1001)

    def begun(self, word: str) -> bool:
        """Whether a vendor was asked."""
        return any(name == word for name, _ in self._met)

    def _next(self, word: str, model: str) -> tuple[Plan, int]:
        """The plan, and how often this model was asked for that word before."""
        self._met[word, model] += 1
        return self.plans[word], self._met[word, model] - 1

    def _pace(self, plan: Plan) -> float:
        return 1.5 if plan.trouble == "cancel" else self._dice.uniform(0.05, SLOWEST)

    def _usage(self, plan: Plan) -> dict[str, int]:
        """No two answers have the same number of prompt tokens: by that it is known which the bot has on record."""
        told, out, thought = next(self._told), self._dice.randint(90, 2500), self._dice.randint(0, 900)
        return {"promptTokenCount": told, "candidatesTokenCount": out, "thoughtsTokenCount": thought}

    # ── Gemini ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def gemini(self, call: Call) -> Reply:
        """The next answer."""
        plan, before = self._next(call.word, call.model)
        options: dict[str, Any] = {"delay": self._pace(plan), "usage": self._usage(plan)}
        options |= (self._picture if call.paints else self._text)(plan.trouble, call.model, before)
        fault = options.get("fault")
        call.planned = fault is not None and bool(fault.drop)
        return Reply(**options)

    def _text(self, trouble: str, model: str, before: int) -> dict[str, Any]:
        if model == PRO and trouble in ("down", "gone"):
            return {"fault": UNAVAILABLE if trouble == "down" else NOT_FOUND}
        if trouble == "other":
            return {"model_version": "gemini-3.8-flash"}
        if trouble == "bad":
            return {"text": "I would rather not."} if before < 2 else {}
        return {} if before else self._first_text(trouble)

    def _first_text(self, trouble: str) -> dict[str, Any]:
        dropped = Fault(status=200, drop=self._dice.choice(("before", "mid")))
        troubles: dict[str, dict[str, Any]] = {
            "short": {"scenes": 1},
            "blocked": {"finish_reason": "SAFETY", "text": ""},
            "busy": {"fault": BUSY},
            "dropped": {"fault": dropped},
            "refused": {"fault": MALFORMED},
        }
        return troubles.get(trouble, {})

    def _picture(self, trouble: str, model: str, before: int) -> dict[str, Any]:
        if before and trouble != "down":
            return {}
        troubles: dict[str, dict[str, Any]] = {
            "blocked": {"finish_reason": "IMAGE_SAFETY", "text": ""},
            "broken": {"data": b"this is no picture"},
            "spoiled": {"base64": "!!!!"},
            "busy": {"fault": BUSY},
            "dropped": {"fault": Fault(status=200, drop=self._dice.choice(("before", "mid")))},
            "down": {"fault": UNAVAILABLE},
        }
        return troubles.get(trouble, {})

    # ── Replicate ────────────────────────────────────────────────────────────────────────────────────────────────────

    def replicate(self, values: Mapping[str, Any], model: str) -> Script:
        """What becomes of the next order."""
        plan, before = self._next(word_in(str(values["prompt"])), model)
        return Script(**{"delay": self._pace(plan), **self._order(plan, model, before)})

    def _order(self, plan: Plan, model: str, before: int) -> dict[str, Any]:
        trouble = plan.trouble
        if (trouble == "down" and model == IMAGEN) or (trouble == "both down" and model in (IMAGEN, FLUX)):
            return {"status": "failed", "error": DOWN}
        if trouble == "gone" and model == IMAGEN:
            return {"create": Fault(status=404, json={"detail": "The requested resource could not be found."})}
        if trouble == "blocked" and before < plan.images:
            return {"status": "failed", "error": "NSFW content detected. Try a different prompt."}
        return {} if before else self._first_order(trouble)

    def _first_order(self, trouble: str) -> dict[str, Any]:
        lost = Fault(status=200, drop=self._dice.choice(("before", "mid")))
        troubles: dict[str, dict[str, Any]] = {
            "some": {"status": "failed", "error": "Prediction failed for a reason that nobody knows."},
            "broken": {"file": "html"},
            "one broken": {"file": "truncated", "only": (0,)},
            "busy": {"create": Fault(status=429, headers={"Retry-After": "1"}, json={"detail": "throttled"})},
            "dropped": {"create": lost, "accepted": True},
            "phantom": {"create": Fault(status=500, json={"detail": "Internal server error"})},
            "rough": {"gets": (Fault(status=503),), "files": (lost, Fault(status=502))},
            "cancel late": {"files": tuple(Fault(status=200, delay=4.0) for _ in range(4))},
        }
        return troubles.get(trouble, {})
