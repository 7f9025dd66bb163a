"""/mydata: what a member takes home, and that they are forgotten."""

from __future__ import annotations

import asyncio
import io
import json
import os
import zipfile
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from simcord.results import InteractionResult, ResponseMessage

from bot.delivery import DiscordCourier
from mv.domain.actor import Actor
from mv.domain.ids import Kind, MemberId, RecordId, ServerId
from mv.domain.mydata import GONE, Forgetting
from mv.domain.usage import AllowanceKind
from mv.export.scenes import schema
from mv.ports import Clock
from mv.services.mydata import MyData
from tests.bot.conftest import MakeWorld
from tests.bot.test_project_export import failing
from tests.bot.world import World, dm, eventually, files, labels, reply, said
from tests.store.test_mydata import dump, places
from tests.store.things import plain

SECRET = "zanzibar"
SCENES: dict[str, Any] = {"idea": f"{SECRET} at night", "character": f"a {SECRET} sailor", "count": 2}
NASTY = "**@everyone** ../..\\ \u202e\x00 ```" + "/" * 60


class Moved(Clock):
    """The machine's time, and some."""

    ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


async def unpacked(message: ResponseMessage) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for attachment in message.attachments:
        with zipfile.ZipFile(io.BytesIO(await attachment.read())) as archive:
            found |= {name: archive.read(name) for name in archive.namelist()}
    return found


ANSWERS = [
    "scenes", "steps", "scene_versions",
    *(f"search_{tier}{end}" for tier in ("titles", "about", "text") for end in ("", "_content", "_data", "_idx")),
]  # fmt: skip
"""Tables with what generators answered, and the index of it."""


def typed(folder: Path, *but: str) -> str:
    """All that is stored, but for what generators answered: they may repeat what they were asked."""
    with plain(folder) as connection:
        versions = connection.execute("SELECT author_id, brief, request, instruction FROM scene_versions").fetchall()
    return f"{dump(folder, *ANSWERS, *but)}\n{versions}"


async def a_day(world: World) -> None:
    """Ann makes public and private things; Bob makes something of hers, and something of his own."""
    await world.ann.slash(world.channel, "project create", name="Tides")
    await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1", style=f"{SECRET} film")
    made = world.last
    await world.bob.click(made, label="Again")
    await world.ann.slash(world.channel, "scenes create", **SCENES, private=True)
    await world.ann.slash(world.channel, "character create", description=f"{SECRET} one", name=f"{SECRET} A")
    await world.ann.slash(world.channel, "character create", description="Vera, a sailor", name="Vera", images=2)
    await world.ann.slash(world.channel, "character create", description=f"{SECRET} three", private=True)
    await world.bob.slash(world.channel, "scenes create", idea="bobs idea", character="C2", count=1)
    await world.ann.click(world.last, label="Again")


async def forget(world: World) -> InteractionResult:
    asked = await world.ann.slash(world.channel, "mydata forget")
    await world.ann.click(reply(asked), label="Forget me")
    return asked


async def test_export_holds_what_is_theirs_and_nothing_else(world: World) -> None:
    await a_day(world)
    await world.manager.slash(world.channel, "quota set", kind="spend", limit=1.25, period="month", member=world.ann)
    await world.ann_elsewhere.slash(world.far, "scenes create", idea="faraway", character="y", count=1)
    result = await world.ann.slash(world.channel, "mydata export")
    assert result.ephemeral
    (name,) = files(reply(result))
    assert name.startswith("mydata_20")
    found = await unpacked(reply(result))
    titles = {path.split(" ")[0] for path in found if path.endswith(".md")}
    assert titles == {"scene_lists/S1", "scene_lists/S2"}
    assert {path for path in found if "/" not in path} == {
        "README.txt", "manifest.json", "projects.json", "quotas.json"
    }  # fmt: skip
    versions = [path for path in found if path.startswith("scene_lists/S1") and path.endswith(".json")]
    assert sorted(path.rsplit("(", 1)[1] for path in versions) == ["v1).json", "v2).json"]
    assert json.loads(found[versions[0]])["request"]["idea"] == SCENES["idea"]
    pictures = [path for path in found if path.endswith(".png")]
    assert len(pictures) == 4
    assert all(found[path].startswith(b"\x89PNG") for path in pictures)
    (change,) = json.loads(found["changes/changes.json"])
    assert (change["ref"], change["version"]) == ("S3", 2)
    jobs = json.loads(found["jobs/jobs.json"])
    assert [job["ref"] for job in jobs] == ["J8", "J6", "J5", "J4", "J3", "J1"]
    assert jobs[-1]["request"]["style"] == f"{SECRET} film"
    assert json.loads(found["quotas.json"]) == [
        {"kind": "spend", "period": "month", "limit": 1_250_000, "unit": "millionths of a US dollar"}
    ]
    assert json.loads(found["projects.json"])[0]["name"] == "Tides"
    assert {line["kind"] for line in json.loads(found["usage/usage.json"])} == {"scenes", "images"}
    everything = b"".join(found.values())
    assert b"token" not in everything.replace(b"_tokens", b"")
    for others in (b"faraway", str(world.bob.id).encode(), str(world.ann.id).encode()):
        assert others not in everything
    manifest = json.loads(found["manifest.json"])
    assert {each["name"] for each in manifest["files"]} == set(found) - {"manifest.json"}
    assert manifest["servers"] == [str(world.server.id)]


async def test_what_others_made_never_gets_in(world: World) -> None:
    await a_day(world)
    await world.ann_elsewhere.slash(world.far, "scenes create", idea="faraway", character="y", count=1)
    found = await unpacked(reply(await world.bob.slash(world.channel, "mydata export")))
    assert {path.split("/")[1].split(" ")[0] for path in found if path.startswith("scene_lists/")} == {"S3"}
    assert [path for path in found if path.startswith("characters/")] == []
    (change,) = json.loads(found["changes/changes.json"])
    assert (change["ref"], change["version"]) == ("S1", 2)
    for others in (b"three", b"faraway", str(world.ann.id).encode()):
        assert others not in b"".join(found.values())
    for who, where in ((world.manager, world.channel), (world.stranger, world.far)):
        assert "Nothing of yours is kept here" in said(await who.slash(where, "mydata export"))
        assert "Nothing of yours is left here" in said(await who.slash(where, "mydata forget"))


async def test_in_a_direct_message_it_is_about_every_shared_server(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", idea="homely", character="y", count=1)
    await world.ann_elsewhere.slash(world.far, "scenes create", idea="faraway", character="y", count=1)
    found = await unpacked(reply(await dm(world.ann.user, "mydata export")))
    folders = {path.split("/")[0] for path in found if "/" in path}
    assert folders == {f"Home {world.server.id}", f"Elsewhere {world.elsewhere.id}"}
    assert len([path for path in found if path.endswith("README.txt")]) == 2
    assert "Nothing of yours" in said(await dm(world.bob.user, "mydata export"))
    asked = await dm(world.ann.user, "mydata forget")
    assert "**Home**\n1 scene list" in said(asked)
    assert "**Elsewhere**\n1 scene list" in said(asked)
    await world.ann.user.click(reply(asked), label="Forget me")
    assert "You are forgotten" in said(asked)
    for server, where, who in (
        (world.server, world.channel, world.bob),
        (world.elsewhere, world.far, world.stranger),
    ):
        assert "a former member" in said(await who.slash(where, "scenes list"))
        async with world.app.tools.records.read() as tx:
            assert (await tx.own.belongings(ServerId(server.id), MemberId(world.ann.id))).empty


def small_parts(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """As if the server took no more in one file."""
    export = MyData.export

    def small(self: MyData, actor: Actor, shared: Mapping[ServerId, str], _: int) -> AbstractAsyncContextManager[Any]:
        return export(self, actor, shared, room)

    monkeypatch.setattr(MyData, "export", small)


async def test_it_is_split_by_the_room_there_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_day(world)
    whole = await unpacked(reply(await world.ann.slash(world.channel, "mydata export")))
    small_parts(monkeypatch, max(len(data) for data in whole.values()) - 1)
    result = await world.ann.slash(world.channel, "mydata export")
    names = files(reply(result))
    assert len(names) > 1
    assert names[0].endswith(f"_1of{len(names)}.zip")
    parts = await unpacked(reply(result))
    assert set(whole) - set(parts) != set()
    assert "could not be put in: manifest.json says which, and why" in said(result)


async def test_several_messages_when_one_is_not_enough(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_day(world)
    small_parts(monkeypatch, 400_000)
    monkeypatch.setattr("bot.delivery.parcels.MESSAGE_BYTES", 1)
    result = await world.ann.slash(world.channel, "mydata export")
    messages = [message for message in (result.response, *result.followups) if message is not None]
    assert len(messages) > 1
    assert [len(message.attachments) for message in messages] == [1] * len(messages)
    assert messages[-1].content.endswith(f"· part {len(messages)} of {len(messages)}")
    assert all(message.ephemeral for message in messages)
    assert world.channel.history(viewer=world.bob) == [m for m in world.channel.history() if not m.flags.ephemeral]
    assert os.listdir(world.app.tools.scratch) == []


async def test_discord_takes_less_than_it_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_day(world)
    failing(monkeypatch, (413, 40005))
    result = await world.ann.slash(world.channel, "mydata export")
    assert "too large for this server" in said(result)
    assert os.listdir(world.app.tools.scratch) == []


async def test_forget_asks_first_and_says_what_happens(world: World) -> None:
    await a_day(world)
    asked = await world.ann.slash(world.channel, "mydata forget")
    assert asked.ephemeral
    text = said(asked)
    assert (
        "2 records of yours alone · 1 scene list of the team's · 2 characters of the team's (1 with description)"
        in text
    )
    assert "1 change to others' scene lists · 1 project · 6 jobs" in text
    assert "no undo" in text
    assert "Messages in Discord" in text
    assert labels(asked) == ["Forget me", "Keep"]
    await world.ann.click(reply(asked), label="Keep")
    assert "kept" in said(asked)
    assert "1 scene list" in said(await world.ann.slash(world.channel, "mydata forget"))


async def test_forgotten_is_forgotten(world: World) -> None:
    await a_day(world)
    asked = await world.ann.slash(world.channel, "mydata forget")
    await world.restart()
    await world.ann.click(reply(asked), label="Forget me")
    assert "You are forgotten" in said(asked)
    assert labels(asked) == []
    left = typed(world.folder, "ledger", "tallies", "forgotten")
    assert SECRET not in left
    assert str(world.ann.id) not in left
    for command in ("scenes list", "character list", "project list"):
        text = said(await world.bob.slash(world.channel, command))
        assert "a former member" in text
        assert "<@0>" not in text
    jobs = said(await world.manager.slash(world.channel, "jobs list"))
    assert ("a former member" in jobs, "<@0>" in jobs, SECRET in jobs) == (True, False, False)
    assert "asked by a former member" in said(await world.manager.slash(world.channel, "jobs show", ref="J1"))
    shown = await world.bob.slash(world.channel, "scenes show", ref="S1")
    assert "(removed)" in said(shown)
    (file,) = [a for a in reply(shown).attachments if a.filename == "scenes.json"]
    content = json.loads(await file.read())
    jsonschema.validate(content, schema())
    assert content["request"] == {"idea": "(removed)", "character": "(removed)", "count": 2, "private": False}
    sheet = said(await world.bob.slash(world.channel, "project show", ref="P1"))
    assert "by a former member" in sheet
    for ref in ("C1", "C2"):
        assert ref in said(await world.bob.slash(world.channel, "character show", ref=ref))
    assert "Vera" in said(await world.bob.slash(world.channel, "character show", ref="C2"))
    for command, ref in (("scenes show", "S2"), ("character show", "C3"), ("jobs show", "J1")):
        assert "There is no" in said(await world.ann.slash(world.channel, command, ref=ref))


async def test_nothing_more_is_made_of_removed_words(world: World) -> None:
    await a_day(world)
    await forget(world)
    shown = [await world.bob.slash(world.channel, f"{what} show", ref=ref)
             for what, ref in (("scenes", "S1"), ("character", "C1"))]  # fmt: skip
    for result, ref in zip(shown, ("S1", "C1"), strict=True):
        refused = said(await world.bob.click(reply(result), label="Again"))
        assert f"Nothing more can be made of {ref}" in refused
        assert "Nothing was charged" in refused
    used = said(await world.bob.slash(world.channel, "scenes create", idea="x", character="C1"))
    assert "Nothing more can be made of C1" in used
    assert "C2 Vera" in said(await world.bob.slash(world.channel, "scenes create", idea="x", character="C2", count=1))
    again = await world.bob.click(
        reply(await world.bob.slash(world.channel, "character show", ref="C2")), label="Again"
    )
    assert "C2 · take 3" in said(again)
    refused = said(await world.bob.slash(world.channel, "scenes delete", ref="S1"))
    assert "You may not delete S1.\n\nManagers of this server may." in refused
    deleted = await world.manager.slash(world.channel, "scenes delete", ref="S1")
    await world.manager.click(reply(deleted), label="Delete S1")
    assert "S1 is deleted" in said(deleted)


async def test_pressed_twice_and_asked_twice(world: World) -> None:
    await a_day(world)
    asked = [await world.ann.slash(world.channel, "mydata forget") for _ in range(2)]
    for result in asked:
        await world.ann.click(reply(result), label="Forget me")
    assert "You are forgotten" in said(asked[0])
    assert "Nothing of yours is left here" in said(asked[1])
    assert "Nothing of yours is left here" in said(await world.ann.slash(world.channel, "mydata forget"))


async def test_an_old_question_is_asked_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_day(world)
    asked = await world.ann.slash(world.channel, "mydata forget")
    monkeypatch.setattr("bot.cogs.mydata.FRESH", timedelta(seconds=-1))
    await world.ann.click(reply(asked), label="Forget me")
    assert "Forget you?" in said(asked)
    assert labels(asked) == ["Forget me", "Keep"]
    monkeypatch.undo()
    await world.ann.click(reply(asked), label="Forget me")
    assert "You are forgotten" in said(asked)


async def test_not_while_a_job_is_open(make_world: MakeWorld) -> None:
    world = await make_world()
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    made = world.last
    asked = await world.ann.slash(world.channel, "mydata forget")
    await world.restart(pause=3600)
    messages = [
        reply(await world.begun(act))
        for act in (world.bob.click(made, label="Again"), world.ann.slash(world.channel, "scenes create", **SCENES))
    ]
    refused = await world.begun(world.ann.slash(world.channel, "mydata forget"))
    assert "J2, J3 must come to an end first" in said(refused)
    pressed = await world.begun(world.ann.click(reply(asked), label="Forget me"))
    assert "J2, J3 must" in said(pressed)
    assert "Forget you?" in said(asked)
    await world.begun(world.ann.slash(world.channel, "jobs cancel", ref="J3"))
    await world.bob.slash(world.channel, "jobs cancel", ref="J2")
    await world.ann.click(reply(asked), label="Forget me")
    assert "You are forgotten" in said(asked)
    for message, said_then in zip(messages, ("Nothing more can be made of J2", "You may not retry J3"), strict=True):
        assert said_then in said(await world.bob.click(message, label="Retry"))
    assert SECRET not in said(await world.bob.slash(world.channel, "jobs list"))


async def test_allowances_stay_used_until_the_month_ends(make_world: MakeWorld) -> None:
    clock = Moved()
    world = await make_world(clock=clock)
    await world.manager.slash(world.channel, "quota set", kind="scenes", limit=2.0, period="month", member=world.ann)
    for _ in range(2):
        await world.ann.slash(world.channel, "scenes create", **SCENES)
    await forget(world)
    assert "2 of 2 used" in said(await world.ann.slash(world.channel, "scenes create", **SCENES))
    assert await world.used(world.ann.id, AllowanceKind.SCENES) == 2
    await world.app.mydata.tidy()
    assert str(world.ann.id) in typed(world.folder, "quotas")
    clock.ahead = timedelta(days=33)
    await world.app.mydata.tidy()
    assert str(world.ann.id) not in typed(world.folder, "quotas")


async def test_what_a_kill_cut_off_is_done_after_the_start(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_day(world)

    async def killed(self: MyData, one: Any) -> None:
        await self._tools.records.transact(lambda tx: tx.own.erase(one, 1))

    with monkeypatch.context() as patched:
        patched.setattr(MyData, "_erase", killed)
        await forget(world)
    assert SECRET in typed(world.folder)
    await world.restart(kill=True)
    assert SECRET not in typed(world.folder)
    assert "Nothing of yours is left here" in said(await world.ann.slash(world.channel, "mydata forget"))


async def test_a_version_that_comes_later_brings_no_words_back(make_world: MakeWorld) -> None:
    """A job that was let in between the question for open jobs and the end of the erasing."""
    world = await make_world()
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    made = world.last
    await world.restart(pause=4.0)
    begun = await world.begun(world.bob.click(made, label="Again"), 0.1)
    job = await world.job(2)
    assert not job.state.final
    records, now = world.app.tools.records, world.app.clock.now()
    one = Forgetting(server_id=ServerId(world.server.id), member_id=MemberId(world.ann.id), asked_at=now)
    while await records.transact(lambda tx: tx.own.erase(one, 100)):
        continue
    await world.env.settle(timeout=10)
    assert "version 2" in said(begun)
    async with records.read() as tx:
        (version, _) = await tx.scenes.history((await world.job(2)).record_id or RecordId(""), before=None, size=5)
    assert version.number == 2
    assert SECRET not in json.dumps([version.request, version.brief.model_dump()])


async def test_what_a_draft_repeats_word_for_word_goes_too(make_world: MakeWorld) -> None:
    world = await make_world()
    idea = f"A {SECRET} keeper dances with the tide"
    await world.ann.slash(world.channel, "scenes create", idea=idea, character="a very old figure", count=3)
    assert idea.casefold() in said(world.last).casefold(), "the offline engine's logline repeats it"
    await forget(world)
    shown = await world.bob.slash(world.channel, "scenes show", ref="S1")
    assert SECRET not in said(shown).casefold()
    assert "(removed)" in said(shown)
    assert "S1" not in said(await world.bob.slash(world.channel, "scenes search", query=SECRET)).replace(SECRET, "")


async def test_a_repetition_that_is_under_way_comes_without_the_words(make_world: MakeWorld) -> None:
    world = await make_world()
    await world.bob.slash(world.channel, "scenes create", idea="bobs idea", character="x", count=1)
    await world.ann.slash(world.channel, "scenes revise", ref="S1", instructions=f"{SECRET} rain")
    revised = world.last
    await world.bob.slash(world.channel, "character create", description="bobs figure", name="Bo")
    await world.ann.slash(world.channel, "character vary", ref="C1", instructions=f"{SECRET} coat")
    varied = world.last
    await world.restart(pause=4.0)
    await world.begun(world.bob.click(revised, label="Again"), 0.1)
    await world.begun(world.bob.click(varied, label="Again"), 0.1)
    jobs = [await world.job(number) for number in (5, 6)]
    assert [job.state.final for job in jobs] == [False, False]
    asked = await world.begun(world.ann.slash(world.channel, "mydata forget"), 0.1)
    await world.begun(world.ann.click(reply(asked), label="Forget me"), 0.1)
    await eventually(lambda: "You are forgotten" in said(asked))
    assert [bool((await world.job(number)).order) for number in (5, 6)] == [True, True], "they need what they repeat"
    await world.env.settle(timeout=10)
    async with world.app.tools.records.read() as tx:
        version = await tx.scenes.version((await world.job(5)).record_id or RecordId(""), 3)
        take = (await tx.characters.takes((await world.job(6)).record_id or RecordId("")))[-1]
    assert version is not None
    for made in (version, take):
        assert (made.author_id, made.instruction, made.words_by) == (world.bob.id, "", None)
    await world.app.mydata.tidy()
    left = typed(world.folder, "ledger", "tallies", "forgotten")
    assert SECRET not in left
    assert str(world.ann.id) not in left


async def test_a_result_that_is_not_delivered_is_let_be(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    made = world.last

    async def later(*_: object) -> None:
        return

    with monkeypatch.context() as patched:
        patched.setattr(DiscordCourier, "deliver", later)
        await world.bob.click(made, label="Again")
        await forget(world)
        await world.app.mydata.tidy()
    before = await world.job(2)
    assert (before.delivered_at, before.order["request"]["idea"]) == (None, SCENES["idea"])
    await world.app.engine.tidy()
    async with asyncio.timeout(10):
        while (await world.job(2)).delivered_at is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert "S1 · version 2" in said(world.last)
    await world.app.mydata.tidy()
    assert (await world.job(2)).order == {}
    assert SECRET not in typed(world.folder)


async def test_with_only_entries_of_the_ledger_left(make_world: MakeWorld) -> None:
    clock = Moved()
    world = await make_world(clock=clock)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    job = await world.job(1)
    async with world.app.tools.records.write() as tx:
        await tx.cleaning.remove_jobs([job.id])
        await tx.scenes.delete(job.id, GONE)
        while not await tx.cleaning.purge(Kind.SCENE_LIST, job.id, clock.now(), 100):
            continue
    asked = await world.ann.slash(world.channel, "mydata forget")
    assert "1 line of usage" in said(asked)
    await world.ann.click(reply(asked), label="Forget me")
    assert "You are forgotten" in said(asked)
    assert "Nothing of yours is left here" in said(await world.ann.slash(world.channel, "mydata forget"))
    clock.ahead = timedelta(days=33)
    await world.app.mydata.tidy()
    assert places(world.folder, str(world.ann.id)) == set()


async def test_a_manager_who_only_cancelled(make_world: MakeWorld) -> None:
    world = await make_world(pause=3600)
    await world.begun(world.bob.slash(world.channel, "scenes create", idea="x", character="y"))
    await world.manager.slash(world.channel, "jobs cancel", ref="J1")
    asked = await world.manager.slash(world.channel, "mydata forget")
    assert "1 limit, setting or cancel of yours" in said(asked)
    await world.manager.click(reply(asked), label="Forget me")
    assert places(world.folder, str(world.manager.id)) == {("forgotten", "member_id")}
    assert "cancelled by a former member" in said(await world.bob.slash(world.channel, "jobs show", ref="J1"))


async def test_bad_names_break_no_zip(world: World) -> None:
    await world.ann.slash(world.channel, "character create", description=NASTY, name=NASTY[:80])
    await world.ann.slash(world.channel, "project create", name=NASTY[:80])
    await world.ann.slash(world.channel, "scenes create", idea=NASTY, character=NASTY, count=1)
    found = await unpacked(reply(await world.ann.slash(world.channel, "mydata export")))
    for path in found:
        assert ".." not in path.split("/")
        assert not set(path).intersection('\\\x00\u202e:*?"<>|')
    assert json.loads(found["projects.json"])[0]["name"].startswith("**@everyone**")


async def test_a_missing_picture_is_said(world: World) -> None:
    await world.ann.slash(world.channel, "character create", description="y", images=1)
    async with world.app.tools.records.read() as tx:
        (take,) = await tx.characters.takes((await world.job(1)).record_id or RecordId(""))
    await world.app.tools.media.delete(take.original.key)
    result = await world.ann.slash(world.channel, "mydata export")
    assert "1 file could not be put in" in said(result)
    manifest = json.loads((await unpacked(reply(result)))["manifest.json"])
    assert [each["why"] for each in manifest["left_out"]] == ["gone"]
