"""What is asked of Replicate, and how a prediction is recognised whose id never reached us."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mv.domain.engine import Engine
from mv.errors import BadRequest
from mv.ports import PicturePrompt

if TYPE_CHECKING:
    from replicate.prediction import Prediction

_MODEL = re.compile(r"(?P<owner>\w[\w.-]*)/(?P<name>\w[\w.-]*)(?::(?P<version>\w[\w.-]*))?")
_HASH = re.compile(r"[0-9a-f]{40,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`model` is owner and name, or None when a bare version is asked for."""

    model: tuple[str, str] | None
    version: str | None
    input: Mapping[str, Any]

    @property
    def mark(self) -> str:
        """The same for equal orders."""
        return json.dumps([self.model, self.version, self.input], sort_keys=True, default=str)


def order_for(engine: Engine, prompt: PicturePrompt) -> Order:
    """The engine's parameters, the flavor's over them, and the request's own over both.

    Models are `owner/name`, `owner/name:version` or a version's hash. Raises BadRequest for anything else.
    """
    found = _MODEL.fullmatch(engine.model)
    if found is None and not _HASH.fullmatch(engine.model):
        raise BadRequest(vendor="replicate", model=engine.model)
    values: dict[str, Any] = {**engine.parameters, **prompt.parameters, "prompt": prompt.text}
    if engine.aspect_ratios:
        values["aspect_ratio"] = prompt.aspect_ratio
    if engine.takes_seed and prompt.seed is not None:
        values["seed"] = prompt.seed
    if engine.count_parameter:
        values[engine.count_parameter] = prompt.images
    if engine.reference_parameter and prompt.references:
        pictures = list(prompt.references[: engine.max_references])
        values[engine.reference_parameter] = pictures if engine.reference_list else pictures[0]
    model = (found["owner"], found["name"]) if found else None
    return Order(model=model, version=found["version"] if found else engine.model, input=values)


def matching(order: Order, listed: list[Prediction], since: datetime) -> list[Prediction]:
    """Those made since then for the very same model and input, to the last value."""
    return [one for one in listed if _same_model(order, one) and _same_input(order, one) and made_at(one) >= since]


def made_at(prediction: Prediction) -> datetime:
    """When the vendor accepted it, by its own clock; the beginning of time if it does not say."""
    try:
        made = datetime.fromisoformat(prediction.created_at or "")
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return made if made.tzinfo else made.replace(tzinfo=UTC)


def _same_model(order: Order, prediction: Prediction) -> bool:
    if order.version is not None:
        return bool(prediction.version == order.version)
    return order.model is not None and bool(prediction.model == "/".join(order.model))


def _same_input(order: Order, prediction: Prediction) -> bool:
    sent = json.loads(json.dumps(dict(order.input), default=str))
    return bool(prediction.input == sent)
