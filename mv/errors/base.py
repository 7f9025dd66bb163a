"""The root of all errors, and how one that a job stored comes back."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

_REGISTRY: dict[str, type[MvError]] = {}


@dataclass(eq=False)
class MvError(Exception):
    """The root. Subclasses are dataclasses whose fields are JSON values."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _REGISTRY[cls.__name__] = cls

    made = 0
    """How many pictures a vendor had made, and is paid for, when this went wrong; no fact that is stored."""

    @property
    def code(self) -> str:
        """The name it is stored under."""
        return type(self).__name__

    def facts(self) -> dict[str, Any]:
        """Its fields, ready for JSON."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        return f"{self.code}({', '.join(f'{k}={v!r}' for k, v in self.facts().items())})"


def error_types() -> dict[str, type[MvError]]:
    """Every concrete and abstract error by its code."""
    return dict(_REGISTRY)


def revive(code: str, facts: dict[str, Any]) -> MvError:
    """The error that a job stored; facts of an older version that no longer fit are dropped."""
    kind = _REGISTRY.get(code)
    if kind is None:
        return Incident(number=str(facts.get("number", "")))
    known = {f.name for f in dataclasses.fields(kind)}
    try:
        return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in facts.items() if k in known})
    except TypeError:
        return Incident(number=str(facts.get("number", "")))


@dataclass(eq=False)
class Incident(MvError):
    """A bug. The number leads to the log line."""

    number: str
