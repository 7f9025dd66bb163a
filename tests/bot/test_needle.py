"""A member does all there is to do, and others do all there is to do with it. Then the member is forgotten, and every
column of every table, every file and a backup are looked through for their words and their number."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from mv.domain.jobs import JobState
from mv.services.scenes_run import SceneRunner
from mv.store import sqlite_files
from tests.bot.conftest import MakeWorld
from tests.bot.test_forms import values
from tests.bot.test_mydata import Moved
from tests.bot.world import MANAGER, World, eventually, labels, reply, said
from tests.standins.gemini import GeminiStandIn, Reply
from tests.standins.replicate import ReplicateStandIn, Script
from tests.store.test_mydata import places

NEEDLE = "xqzibar"
"""In everything that Zed typed and that is to go, and in what Zed is called."""
KEPT = "marzipol"
"""In what Zed typed and that stays, as the README says."""
BOBS = "bobword"
SCENE = {
    "title": "First light", "description": "A figure crosses the frame.", "negative_description": "text",
    "action": "Walks.", "location": "a pier", "time_of_day": "night", "shot_size": "WS", "camera_angle": "eye level",
    "camera_movement": "push in", "lighting": "neon", "mood": "calm", "transition": "cut", "duration_seconds": 4.5,
    "cue": "line 1",
}  # fmt: skip
BLOCKED = Reply(block_reason="SAFETY", candidates=False)
NSFW = Script(status="failed", error="NSFW content detected")
NAMED_STILL = {("ledger", "member_id"), ("tallies", "subject"), ("forgotten", "member_id"), ("quotas", "member_id")}
"""Where the README says that a former member's number stays: the first two until the month ends."""


def words(which: str) -> dict[str, Any]:
    """All that can be typed into a request for scenes."""
    free = ("idea", "character", "traits", "video_type", "style", "camera")
    return {name: f"{NEEDLE} {which} {name}" for name in free} | {"count": 1}


def plain_answer(prompt: str) -> Reply:
    """It repeats nothing of what it was asked: what generators answered stays."""
    return Reply(payload={"title": "Salt", "logline": "A keeper waits.", "palette": ["#102030"], "scenes": [SCENE]})


class Play:
    """The world, with Zed in it, who is a manager."""

    def __init__(self, world: World, google: GeminiStandIn, replicate: ReplicateStandIn) -> None:
        self.world, self.google, self.replicate = world, google, replicate
        google.decide = plain_answer
        role = world.server.create_role("Chiefs", permissions=MANAGER)
        self.zed = world.server.add_member(world.env.create_user(f"{NEEDLE} zed"), roles=[role])
        self.bob, self.carol = world.bob, world.manager

    async def does(self, who: MemberActor, command: str, **options: Any) -> discord.Message:
        """A command; the newest public message."""
        await who.slash(self.world.channel, command, **options)
        return self.world.last

    async def quietly(self, who: MemberActor, command: str, **options: Any) -> InteractionResult:
        """A command that only the asker sees."""
        result: InteractionResult = await who.slash(self.world.channel, command, **options)
        return result

    async def press(self, who: MemberActor, message: Any, label: str) -> discord.Message:
        await who.click(message, label=label)
        return self.world.last

    async def edit_and_retry(self, who: MemberActor, message: Any) -> discord.Message:
        """Sends the form as it opens."""
        assert labels(message) == ["Edit and retry"]
        shown = await who.click(message, label="Edit and retry")
        await who.submit_modal(shown, values(shown))
        return self.world.last


async def scene_lists(play: Play) -> None:
    zed, bob, carol = play.zed, play.bob, play.carol
    made = await play.does(zed, "scenes create", **words("S1"), project="P1")
    await play.press(bob, made, "Again")
    revised = await play.does(zed, "scenes revise", ref="S1", instructions=f"{NEEDLE} rain", scene=1)
    copied = await play.press(bob, revised, "Again")
    await play.press(carol, copied, "Again")
    await play.does(bob, "scenes revise", ref="S1", instructions=f"{BOBS} rain")
    play.google.script.append(BLOCKED)
    refused = await play.press(bob, made, "Again")
    taken_over = await play.edit_and_retry(bob, refused)
    await play.press(carol, taken_over, "Again")

    own = await play.does(bob, "scenes create", idea=f"{BOBS} idea", character=f"{BOBS} figure", count=1)
    revised = await play.does(zed, "scenes revise", ref="S3", instructions=f"{NEEDLE} snow")
    play.google.script.append(BLOCKED)
    refused = await play.press(bob, revised, "Again")
    await play.edit_and_retry(bob, refused)
    play.google.script.append(BLOCKED)
    await play.press(carol, play.world.last, "Again")
    await play.press(zed, own, "Again")
    await play.does(bob, "scenes restore", ref="S3", version=2)
    form = await play.quietly(zed, "scenes edit", ref="S3", scene=1)
    await zed.submit_modal(form, {**values(form), "title": f"{KEPT} title"})
    await play.does(bob, "scenes star", ref="S1")
    await play.quietly(zed, "scenes search", query=NEEDLE)

    await play.does(zed, "scenes create", **words("S4"), private=True)
    made = await play.does(zed, "scenes create", **words("S5"))
    play.google.script.append(BLOCKED)
    await play.press(bob, made, "Again")
    asked = await play.quietly(zed, "scenes delete", ref="S5")
    await zed.click(reply(asked), label="Delete S5")


async def characters(play: Play) -> None:
    zed, bob, carol = play.zed, play.bob, play.carol
    await play.does(zed, "character create", description=f"{NEEDLE} C1", name=f"{NEEDLE} one", private=True)
    await play.does(zed, "scenes create", idea=f"{NEEDLE} with C1", character="C1", count=1)
    unused = await play.does(zed, "character create", description=f"{NEEDLE} C2", name=f"{NEEDLE} two")
    await play.does(zed, "scenes create", idea=f"{NEEDLE} with C2", character="C2", count=1)
    await play.quietly(bob, "scenes create", idea=f"{BOBS} secret", character="C2", count=1, private=True)
    hers = await play.quietly(bob, "scenes show", ref="S8")
    await bob.click(reply(hers), label="Again")
    play.replicate.script.append(NSFW)
    await play.press(bob, unused, "Again")
    await play.does(zed, "character vary", ref="C2", instructions=f"{NEEDLE} coat")

    await play.does(zed, "character create", description=f"{KEPT} C3", name=f"{KEPT} three")
    await play.does(bob, "scenes create", idea=f"{BOBS} with C3", character="C3", count=1)

    await play.does(bob, "character create", description=f"{BOBS} C4", name=f"{BOBS} four")
    varied = await play.does(zed, "character vary", ref="C4", instructions=f"{NEEDLE} hat")
    copied = await play.press(bob, varied, "Again")
    await play.press(carol, copied, "Again")
    play.replicate.script.append(NSFW)
    refused = await play.press(bob, varied, "Again")
    await play.edit_and_retry(bob, refused)
    play.replicate.script.append(NSFW)
    await play.does(zed, "character vary", ref="C4", instructions=f"{NEEDLE} scarf")
    await play.does(zed, "character rename", ref="C4", name=f"{KEPT} four")
    await play.does(zed, "character star", ref="C4")
    await play.does(zed, "character main", ref="C4", take=1)

    gone = await play.does(zed, "character create", description=f"{NEEDLE} C5", name=f"{NEEDLE} five")
    await play.does(bob, "scenes create", idea=f"{BOBS} with C5", character="C5", count=1)
    play.replicate.script.append(NSFW)
    await play.press(bob, gone, "Again")
    asked = await play.quietly(zed, "character delete", ref="C5")
    await zed.click(reply(asked), label="Delete C5")


async def files(play: Play) -> None:
    exported = await play.quietly(play.bob, "scenes export", ref="S3", format="json")
    (file,) = reply(exported).attachments
    data = json.loads(await file.read())
    data["title"] = f"{KEPT} import"
    data["request"] = {"idea": f"{NEEDLE} file", "character": f"{NEEDLE} file", "flavor": f"{NEEDLE} flavor"}
    data["defaults_applied"] = {"style": f"{NEEDLE} style", "project": f"{NEEDLE} project", "count": 1}
    await play.quietly(play.zed, "scenes import", file=("scenes.json", json.dumps(data).encode()))
    await play.press(play.bob, play.world.last, "Again")
    await play.quietly(play.zed, "mydata export")
    await play.quietly(play.bob, "project export", ref="P1")


async def rules_and_ends(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    zed, bob, world = play.zed, play.bob, play.world
    await play.quietly(zed, "quota set", kind="scenes", limit=500.0, period="day", member=bob)
    await play.quietly(play.carol, "quota set", kind="scenes", limit=400.0, period="day", member=zed)
    await play.quietly(zed, "settings set", keep_jobs_days=300)
    play.google.script.append(Reply(delay=60.0))
    await world.begun(bob.slash(world.channel, "scenes create", idea=f"{BOBS} long", character="x", count=1))
    await eventually(lambda: not play.google.script)
    number = 1
    while (await world.job(number)).state.final:
        number += 1
    assert "is cancelled" in said(await play.quietly(zed, "jobs cancel", ref=f"J{number}"))
    assert (await world.job(number)).state is JobState.CANCELLED

    async def bug(*_: Any) -> None:
        raise RuntimeError(f"{NEEDLE} in a bug")

    with monkeypatch.context() as patched:
        patched.setattr(SceneRunner, "_write", bug)
        world.incidents_expected = True
        broken = await play.does(zed, "scenes create", **words("broken"))
    assert "Incident" in said(broken)
    await play.press(zed, broken, "Retry")


async def forget(play: Play) -> None:
    asked = await play.quietly(play.zed, "mydata forget")
    await play.zed.click(reply(asked), label="Forget me")
    assert "You are forgotten" in said(asked)


def beside(folder: Path) -> str:
    """The names of all files, and what stands in those that are no database and no picture."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    texts = [
        path.read_text("utf-8", "replace") for path in paths if "sqlite3" not in path.name and "media" not in str(path)
    ]
    return "\n".join([*(str(path.relative_to(folder)) for path in paths), *texts])


def copied(folder: Path, text: str) -> bool:
    """Whether any byte of a backup's database says it; an index may share a word's first letters with another."""
    target = folder / "copy.sqlite3"
    sqlite_files.snapshot(folder / "mv.sqlite3", target)
    data = target.read_bytes()
    target.unlink()
    return text[2:].encode() in data


async def test_nothing_of_them_is_left_but_what_is_named(
    make_world: MakeWorld, google: GeminiStandIn, replicate: ReplicateStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Moved()
    world = await make_world(google=google, replicate=replicate, clock=clock)
    play = Play(world, google, replicate)
    await play.quietly(play.zed, "project create", name=f"{KEPT} project")
    await scene_lists(play)
    await characters(play)
    await files(play)
    await rules_and_ends(play, monkeypatch)
    number = str(play.zed.id)
    before = places(world.folder, NEEDLE)
    expected = {("scene_versions", "brief"), ("scene_versions", "instruction"), ("takes", "instruction"),
                ("jobs", "order"), ("characters", "description"), ("scene_lists", "owner_name"),
                ("scene_versions", "defaults_applied"), ("search_about_content", "c0")}  # fmt: skip
    assert expected <= before
    words_by = {(table, "words_by") for table in ("scene_lists", "scene_versions", "takes")}
    who = {("jobs", "error_facts"), ("steps", "value"), ("quotas", "set_by"), ("settings", "set_by")}
    assert words_by | who | NAMED_STILL - {("forgotten", "member_id")} <= places(world.folder, number)
    assert copied(world.folder, NEEDLE)

    await forget(play)
    assert places(world.folder, NEEDLE) == set()
    assert places(world.folder, number) == NAMED_STILL
    assert NEEDLE not in beside(world.folder)
    assert number not in beside(world.folder)
    assert not copied(world.folder, NEEDLE)
    for table, column in (("projects", "name"), ("characters", "description"), ("characters", "name"),
                          ("scenes", "title"), ("scene_versions", "title")):  # fmt: skip
        assert (table, column) in places(world.folder, KEPT)
    for table, column in (("scene_versions", "instruction"), ("jobs", "order"), ("scene_versions", "brief")):
        assert (table, column) in places(world.folder, BOBS)

    clock.ahead = timedelta(days=33)
    await world.app.mydata.tidy()
    assert places(world.folder, number) == {("quotas", "member_id")}
