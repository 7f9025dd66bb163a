"""The commands as Discord is told them, against the product's own table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bot.client import SYNCED
from tests.bot.world import World

STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, NUMBER, FILE = 3, 4, 5, 6, 7, 8, 10, 11
GUILD, BOT_DM = 0, 1


@dataclass(frozen=True)
class Opt:
    """One option: its type, whether it must be given, its bounds, and what is offered while it is typed."""

    type: int = STRING
    required: bool = False
    low: int | None = None
    high: int | None = None
    offers: bool = False
    choices: tuple[str, ...] = ()


def text(limit: int | None = None, *, required: bool = False, offers: bool = False) -> Opt:
    return Opt(STRING, required, None if limit is None else 1, limit, offers)


REF = text(required=True, offers=True)
PROJECT = text(offers=True)
SCENE = Opt(INTEGER, True, 1, 24)
VERSION = Opt(INTEGER, True, 1, 999_999)
KIND = ("scenes", "images", "spend")
SEARCH = {
    "query": text(1000, required=True),
    "project": PROJECT,
    "member": Opt(USER),
    "engine": text(offers=True),
    "flavor": text(offers=True),
    "since": text(offers=True),
    "has_picture": Opt(BOOLEAN),
}
COMMANDS: dict[str, dict[str, Opt]] = {
    "scenes create": {
        "idea": text(2000, required=True),
        "character": text(1000, required=True, offers=True),
        "count": Opt(INTEGER, low=1, high=24),
        "traits": text(1000),
        "video_type": text(200, offers=True),
        "style": text(200, offers=True),
        "camera": text(200, offers=True),
        "flavor": text(offers=True),
        "project": PROJECT,
        "private": Opt(BOOLEAN),
    },
    "scenes show": {"ref": REF, "version": Opt(INTEGER, low=1)},
    "scenes revise": {
        "ref": REF,
        "instructions": text(2000, required=True),
        "scene": Opt(INTEGER, low=1, high=24),
    },
    "scenes edit": {"ref": REF, "scene": SCENE},
    "scenes insert": {"ref": REF, "after": Opt(INTEGER, True, 0, 24)},
    "scenes move": {"ref": REF, "scene": SCENE, "to": SCENE},
    "scenes remove": {"ref": REF, "scene": SCENE},
    "scenes history": {"ref": REF},
    "scenes compare": {"ref": REF, "from": VERSION, "to": VERSION},
    "scenes restore": {"ref": REF, "version": VERSION},
    "scenes list": {"project": PROJECT, "member": Opt(USER)},
    "scenes search": SEARCH,
    "scenes star": {"ref": REF, "remove": Opt(BOOLEAN)},
    "scenes delete": {"ref": REF},
    "scenes export": {
        "ref": REF,
        "format": Opt(required=True, choices=("json", "markdown", "csv", "xlsx")),
        "version": Opt(INTEGER, low=1),
    },
    "scenes import": {"file": Opt(FILE, required=True), "project": PROJECT, "private": Opt(BOOLEAN)},
    "character create": {
        "description": text(2000, required=True),
        "name": text(80),
        "aspect_ratio": text(offers=True),
        "images": Opt(INTEGER, low=1, high=4),
        "engine": text(offers=True),
        "seed": Opt(INTEGER, low=0, high=2**31 - 1),
        "flavor": text(offers=True),
        "project": PROJECT,
        "private": Opt(BOOLEAN),
        "fresh": Opt(BOOLEAN),
    },
    "character vary": {"ref": REF, "instructions": text(2000), "take": Opt(INTEGER, low=1)},
    "character show": {"ref": REF, "take": Opt(INTEGER, low=1)},
    "character history": {"ref": REF},
    "character main": {"ref": REF, "take": Opt(INTEGER, required=True, low=1)},
    "character rename": {"ref": REF, "name": text(80, required=True)},
    "character star": {"ref": REF, "remove": Opt(BOOLEAN)},
    "character list": {"project": PROJECT, "member": Opt(USER)},
    "character search": SEARCH,
    "character original": {"ref": REF, "take": Opt(INTEGER, low=1)},
    "character delete": {"ref": REF},
    "project create": {"name": text(80, required=True)},
    "project export": {"ref": REF},
    "project list": {"archived": Opt(BOOLEAN)},
    "project show": {"ref": REF},
    "project rename": {"ref": REF, "name": text(80, required=True)},
    "project budget": {"ref": REF, "limit": Opt(NUMBER)},
    "project archive": {"ref": REF, "reopen": Opt(BOOLEAN)},
    "jobs list": {"mine": Opt(BOOLEAN), "project": PROJECT},
    "jobs show": {"ref": REF},
    "jobs cancel": {"ref": REF},
    "usage me": {},
    "quota set": {
        "kind": Opt(required=True, choices=KIND),
        "limit": Opt(NUMBER, required=True),
        "period": Opt(required=True, choices=("day", "month")),
        "member": Opt(USER),
        "role": Opt(ROLE),
    },
    "quota show": {"member": Opt(USER), "role": Opt(ROLE)},
    "quota clear": {
        "kind": Opt(choices=KIND),
        "period": Opt(choices=("day", "month")),
        "member": Opt(USER),
        "role": Opt(ROLE),
    },
    "settings show": {},
    "settings set": {
        "budget": Opt(NUMBER),
        "no_budget": Opt(BOOLEAN),
        "time_zone": text(offers=True),
        "notices_channel": Opt(CHANNEL),
        "project": PROJECT,
        "flavor": text(offers=True),
        "channel": Opt(CHANNEL),
        "allow_channel": Opt(CHANNEL),
        "disallow_channel": Opt(CHANNEL),
        "keep_jobs_days": Opt(INTEGER, low=0, high=3650),
        "keep_takes_days": Opt(INTEGER, low=0, high=3650),
        "keep_deleted_days": Opt(INTEGER, low=0, high=3650),
    },
    "mydata export": {},
    "mydata forget": {},
    "help": {},
}
IN_DIRECT_MESSAGES = {"help", "usage", "mydata"}
FOR_MANAGERS = {"quota", "settings"}
MANAGE_GUILD = str(1 << 5)


def synced(world: World) -> list[dict[str, Any]]:
    (request,) = [r for r in world.env.http_requests if r.method == "PUT" and r.path.endswith("/commands")]
    commands: list[dict[str, Any]] = request.json  # type: ignore[assignment]
    return commands


def leaves(commands: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for command in commands:
        inner = [option for option in command.get("options", []) if option["type"] == 1]
        found |= {f"{command['name']} {leaf['name']}": leaf for leaf in inner} or {command["name"]: command}
    return found


def as_opt(option: dict[str, Any]) -> Opt:
    low, high = ("min_length", "max_length") if option["type"] == STRING else ("min_value", "max_value")
    return Opt(
        type=option["type"],
        required=bool(option.get("required")),
        low=option.get(low),
        high=option.get(high),
        offers=bool(option.get("autocomplete")),
        choices=tuple(choice["value"] for choice in option.get("choices", [])),
    )


async def test_commands_and_their_options_are_exactly_these(world: World) -> None:
    found = leaves(synced(world))
    assert {
        name: {option["name"]: as_opt(option) for option in leaf.get("options", [])} for name, leaf in found.items()
    } == COMMANDS
    for leaf in found.values():
        required = [bool(option.get("required")) for option in leaf.get("options", [])]
        assert required == sorted(required, reverse=True)


async def test_contexts_installs_and_permissions(world: World) -> None:
    for command in synced(world):
        contexts = [GUILD, BOT_DM] if command["name"] in IN_DIRECT_MESSAGES else [GUILD]
        assert sorted(command["contexts"]) == contexts
        assert command["integration_types"] == [0]
        wanted = MANAGE_GUILD if command["name"] in FOR_MANAGERS else None
        found = command.get("default_member_permissions")
        assert (str(found) if found is not None else None) == wanted


async def test_texts_and_sizes_are_within_discords_limits(world: World) -> None:
    for command in synced(world):
        assert size(command) <= 8000
        assert len(command.get("options", [])) <= 25
    for leaf in leaves(synced(world)).values():
        for each in (leaf, *leaf.get("options", [])):
            assert 1 <= len(each["description"]) <= 100
            assert each["description"] != "…"
            assert not each["description"].endswith(".")


def size(node: dict[str, Any]) -> int:
    """Names, descriptions and choices, as Discord adds them up."""
    own = len(node["name"]) + len(node.get("description", "")) + len(str(node.get("value", "")))
    return own + sum(size(inner) for key in ("options", "choices") for inner in node.get(key, []))


async def test_commands_are_synced_only_when_they_changed(world: World) -> None:
    await world.restart()
    await world.restart()
    assert len(synced(world)) == len({name.split()[0] for name in COMMANDS})


async def test_commands_are_synced_when_the_note_is_broken(world: World) -> None:
    (world.folder / SYNCED).write_text("nonsense")
    await world.restart()
    puts = [r for r in world.env.http_requests if r.method == "PUT"]
    assert len(puts) == 2
    assert json.dumps(puts[0].json) == json.dumps(puts[1].json)
