"""The commands a bot has synced, and how a member's values become the options of an interaction."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.standins.discord import limits, posts, wire
from tests.standins.discord.errors import StandInMistake
from tests.standins.discord.world import Channel, Json, Member, Role, User, World

SUB, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, FILE = range(1, 12)


@dataclass(frozen=True, slots=True)
class File:
    """A file that a member gives to an option."""

    name: str
    data: bytes


@dataclass
class Filled:
    """An interaction's data under construction."""

    data: Json
    resolved: dict[str, Json] = field(default_factory=dict)


class Commands:
    """Per application and per server, as the bot put them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.syncs = 0
        self._scopes: dict[int | None, list[Json]] = {}

    def put(self, scope: int | None, wanted: list[Json]) -> list[Json]:
        """Replaces all of a scope (a server's id, or None); ids of names that stay are kept."""
        limits.commands(wanted)
        self.syncs += 1
        before = {one["name"]: one for one in self.all(scope)}
        self._scopes[scope] = [self._made(scope, one, before.get(one["name"])) for one in wanted]
        return self._scopes[scope]

    def all(self, scope: int | None) -> list[Json]:
        """Those of one scope."""
        return self._scopes.get(scope, [])

    def _made(self, scope: int | None, wanted: Json, before: Json | None) -> Json:
        fresh = {"id": str(self.world.snowflake()), "version": str(self.world.snowflake())}
        kept = {"id": before["id"], "version": before["version"]} if before else fresh
        found = {"type": 1, "description": "", "default_member_permissions": None, **wanted, **kept}
        return found | {"application_id": str(self.world.bot.id), **({"guild_id": str(scope)} if scope else {})}

    def find(self, path: str, channel: Channel) -> tuple[Json, list[Json]] | None:
        """A top-level command and the steps below it (groups, then the command itself), or None."""
        first, *rest = path.split()
        scope = channel.guild.id if channel.guild else None
        for command in [*self.all(scope), *(self.all(None) if scope else [])]:
            if command["name"] == first and command["type"] == 1:
                steps = self._steps(command, rest)
                if steps is not None:
                    return command, steps
        return None

    def _steps(self, command: Json, rest: list[str]) -> list[Json] | None:
        steps = [command]
        for name in rest:
            inner = [one for one in steps[-1].get("options", []) if one["name"] == name and one["type"] in (SUB, GROUP)]
            if not inner:
                return None
            steps.append(inner[0])
        if any(one["type"] in (SUB, GROUP) for one in steps[-1].get("options", [])):
            return None
        return steps

    def paths(self) -> list[str]:
        """All that a member can type."""
        found: list[str] = []
        for command in [one for scope in self._scopes.values() for one in scope]:
            found += _paths(command, "")
        return found

    def fill(
        self, path: str, channel: Channel, values: Mapping[str, Any], *, focused: str | None, forced: bool
    ) -> Filled:
        """The data of an interaction. `focused` is the option being typed: then nothing is required or checked.
        `forced` skips what Discord's own client would check."""
        found = self.find(path, channel)
        if found is None:
            near = difflib.get_close_matches(path, self.paths(), 5, 0.4)
            raise StandInMistake(f"the bot has no command /{path}; near: {near}; all: {self.paths()}")
        command, steps = found
        filled = Filled({"id": command["id"], "name": command["name"], "type": 1})
        options = self._options(path, steps[-1], values, filled, focused, forced)
        for step in reversed(steps[1:]):
            options = [{"name": step["name"], "type": step["type"], "options": options}]
        filled.data["options"] = options
        if filled.resolved:
            filled.data["resolved"] = filled.resolved
        return filled

    def _options(
        self,
        path: str,
        step: Json,
        values: Mapping[str, Any],
        filled: Filled,
        focused: str | None,
        forced: bool,
    ) -> list[Json]:
        known = {one["name"]: one for one in step.get("options", [])}
        for name in [*values, *([focused] if focused else [])]:
            if name not in known:
                raise StandInMistake(f"/{path} has no option {name!r}; there are {list(known)}")
        missing = [name for name, one in known.items() if one.get("required") and values.get(name) is None]
        if missing and not focused and not forced:
            raise StandInMistake(f"/{path} requires {missing}")
        options: list[Json] = []
        for name, value in values.items():
            if value is None:
                continue
            kind = known[name]["type"]
            option: Json = {"name": name, "type": kind, "value": self._value(value, kind, filled)}
            if name == focused:
                option |= {"focused": True, "value": str(value)}
            elif not focused and not forced:
                _check(path, known[name], option)
            options.append(option)
        return options

    def _value(self, value: Any, kind: int, filled: Filled) -> Any:
        if kind == FILE:
            return self._file(value, filled)
        if kind not in (USER, CHANNEL, ROLE, MENTIONABLE):
            return value
        number = str(value if isinstance(value, int | str) else value.id)
        if isinstance(value, Member | User):
            user = value.user if isinstance(value, Member) else value
            filled.resolved.setdefault("users", {})[number] = wire.user(user)
            if isinstance(value, Member):
                partial = {key: each for key, each in wire.member(value).items() if key != "user"}
                filled.resolved.setdefault("members", {})[number] = partial | {"permissions": "0"}
        elif isinstance(value, Role):
            filled.resolved.setdefault("roles", {})[number] = wire.role(value)
        elif isinstance(value, Channel):
            filled.resolved.setdefault("channels", {})[number] = wire.channel(value) | {"permissions": "0"}
        return number

    def _file(self, value: File, filled: Filled) -> str:
        held = posts.attachment(self.world, posts.Upload("", value.name, value.data))
        self.world.given[held.id] = held
        sent = wire.attachment(self.world, held)
        filled.resolved.setdefault("attachments", {})[sent["id"]] = sent
        return str(sent["id"])


def _paths(step: Json, before: str) -> list[str]:
    here = f"{before} {step['name']}".strip()
    inner = [one for one in step.get("options", []) if one["type"] in (SUB, GROUP)]
    return [path for one in inner for path in _paths(one, here)] or [here]


def _check(path: str, spec: Json, option: Json) -> None:
    value, kind, name = option["value"], spec["type"], f"/{path} {spec['name']}"
    wanted = {STRING: str, INTEGER: int, BOOLEAN: bool, NUMBER: int | float}.get(kind)
    if wanted is not None and (not isinstance(value, wanted) or (kind in (INTEGER, NUMBER) and value is True)):
        raise StandInMistake(f"{name} wants {wanted}, not {value!r}")
    if spec.get("choices") and value not in [one["value"] for one in spec["choices"]]:
        raise StandInMistake(f"{name} offers {[one['value'] for one in spec['choices']]}, not {value!r}")
    size: float = len(value) if kind == STRING else value if kind in (INTEGER, NUMBER) else 0
    low, high = ("min_length", "max_length") if kind == STRING else ("min_value", "max_value")
    if not float(spec.get(low, size)) <= size <= float(spec.get(high, size)):
        raise StandInMistake(f"{name} takes {spec.get(low)} to {spec.get(high)}, not {size}")
