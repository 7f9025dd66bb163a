"""/scenes export and import, and the Export button."""

from __future__ import annotations

import io
import json
from typing import Any

import discord
import pytest
from python_calamine import CalamineWorkbook
from simcord.actors import MemberActor
from simcord.results import InteractionResult, ResponseMessage

from mv.domain import limits
from mv.domain.actor import Actor
from mv.domain.ids import ChannelId, MemberId, ServerId
from mv.domain.scene_check import LENGTHS, TEXT, TITLE
from mv.domain.scenes import Change, SceneListView
from mv.domain.usage import AllowanceKind
from mv.export.scenes import scenes_json
from tests.bot.conftest import MakeWorld
from tests.bot.world import World, files, labels, reply, said
from tests.ui.records import view

GOOD = scenes_json(view("A keeper"))
ALL = ["S1_v1.json", "S1_v1.md", "S1_v1.csv", "S1_v1.xlsx"]


async def create(world: World, **options: object) -> ResponseMessage:
    options = {"idea": "x", "character": "y", "count": 2, **options}
    return reply(await world.ann.slash(world.channel, "scenes create", **options))


async def given(world: World, data: bytes, who: MemberActor | None = None, **options: Any) -> InteractionResult:
    name = options.pop("name", "scenes.json")
    result: InteractionResult = await (who or world.ann).slash(
        world.channel, "scenes import", file=(name, data), **options
    )
    return result


async def exported(world: World, ref: str = "S1", format: str = "json", **options: Any) -> bytes:
    result = await world.ann.slash(world.channel, "scenes export", ref=ref, format=format, **options)
    assert result.ephemeral
    (file,) = reply(result).attachments
    return await file.read()


async def shown(world: World, ref: str) -> SceneListView:
    actor = Actor(
        member_id=MemberId(world.ann.id), server_id=ServerId(world.server.id), channel_id=ChannelId(world.channel.id)
    )
    return await world.app.scenes.show(actor, ref)


async def test_each_format_is_one_file_for_the_asker_alone(world: World) -> None:
    await create(world)
    before = len(world.channel.history(viewer=world.bob))
    for format, name in zip(("json", "markdown", "csv", "xlsx"), ALL, strict=True):
        result = await world.ann.slash(world.channel, "scenes export", ref="s1", format=format)
        assert result.ephemeral
        assert files(reply(result)) == [name]
        assert "**S1**" in said(result)
    assert len(world.channel.history(viewer=world.bob)) == before
    book = CalamineWorkbook.from_filelike(io.BytesIO(await exported(world, format="xlsx")))
    assert book.sheet_names == ["Scenes", "About"]
    assert (await exported(world, format="csv")).startswith(b"\xef\xbb\xbfnumber,title,")


async def test_a_version_may_be_named(world: World) -> None:
    await world.ann.click(await create(world), label="Again")
    assert json.loads(await exported(world))["version"] == 2
    assert json.loads(await exported(world, version=1))["version"] == 1
    missing = await world.ann.slash(world.channel, "scenes export", ref="S1", format="csv", version=3)
    assert "has no version" in said(missing)


async def test_the_button_brings_all_four_of_the_version_shown(make_world: MakeWorld) -> None:
    world = await make_world()
    old = await create(world)
    await world.ann.click(old, label="Again")
    await world.restart()
    for who in (world.bob, world.bob, world.ann):
        result = await who.click(old, label="Export")
        assert result.ephemeral
        assert files(reply(result)) == ALL
        assert json.loads(await reply(result).attachments[0].read())["version"] == 1


async def test_what_is_not_theirs_to_see_does_not_exist(world: World) -> None:
    await create(world, private=True)
    await world.ann_elsewhere.slash(world.far, "scenes create", idea="x", character="y", count=1)
    for who, where in ((world.bob, world.channel), (world.manager, world.channel)):
        result = await who.slash(where, "scenes export", ref="S1", format="json")
        assert result.ephemeral
        assert "There is no scene list `S1` here" in said(result)
        assert files(reply(result)) == []
    far = await world.stranger.slash(world.far, "scenes export", ref="S1", format="json")
    assert files(reply(far)) == ["S1_v1.json"]
    assert json.loads(await exported(world))["request"]["private"] is True


async def test_export_of_a_deleted_list(world: World) -> None:
    message = await create(world)
    shown_again = reply(await world.ann.slash(world.channel, "scenes show", ref="S1"))
    question = await world.ann.click(message, label="Delete")
    await world.ann.click(reply(question), label="Delete S1")
    late = await world.ann.click(shown_again, label="Export")
    assert "There is no scene list here any more" in said(late)
    assert "no scene list `S1`" in said(await world.ann.slash(world.channel, "scenes export", ref="S1", format="csv"))


async def test_files_over_the_limit_of_the_server_are_left_out(world: World) -> None:
    message = await create(world, count=24)
    size = len(await exported(world, format="markdown"))
    world.uploads_up_to(size)
    result = await world.ann.click(message, label="Export")
    assert "S1_v1.json" not in files(reply(result))
    assert "too large for this server: `S1_v1.json`" in said(result)
    alone = await world.ann.slash(world.channel, "scenes export", ref="S1", format="json")
    assert files(reply(alone)) == []
    assert "too large for this server: `S1_v1.json`" in said(alone)


async def test_an_import_is_a_list_of_whoever_brings_it(world: World) -> None:
    await world.ann.slash(world.channel, "project create", name="Spring")
    await create(world, style="=neon", character="Mara")
    data = await exported(world)
    result = await given(world, data, world.bob, project="spring", name="anything.exe")
    assert not result.ephemeral
    assert "S2 · version 1" in said(result)
    assert "P1 Spring" in said(result)
    assert "no cost" in said(result)
    assert labels(result) == ["Revise", "Again", "Export", "Delete"]
    assert files(reply(result)) == ["scenes.md", "scenes.json"]
    made, old = await shown(world, "S2"), await shown(world, "S1")
    assert (made.record.owner_id, made.record.owner_name) == (world.bob.id, "bob")
    assert (made.version.change, made.version.engine, made.version.cost) == (Change.IMPORT, "import", 0)
    assert made.version.draft == old.version.draft
    assert made.version.brief.style == "=neon"
    assert await world.used(world.bob.id, AllowanceKind.SCENES) == 0
    again, first = json.loads(await exported(world, "S2")), json.loads(data)
    for key in ("title", "logline", "palette", "scenes", "request", "defaults_applied"):
        assert again[key] == first[key]


async def test_an_import_lives_on_like_any_other(make_world: MakeWorld) -> None:
    world = await make_world()
    await given(world, scenes_json(view("A keeper", scenes=3)))
    await world.restart()
    await world.ann.click(world.last, label="Again")
    assert "S1 · version 2" in said(world.last)
    assert "**3 scenes**" in said(world.last)
    question = await world.ann.click(world.last, label="Delete")
    await world.ann.click(reply(question), label="Delete S1")
    assert "S1 is deleted" in said(question)


async def test_a_private_import(world: World) -> None:
    result = await given(world, scenes_json(view("A secret")), private=True)
    assert result.ephemeral
    assert "only you see this" in said(result)
    assert world.channel.history(viewer=world.bob) == []
    assert "no scene list `S1`" in said(await world.bob.slash(world.channel, "scenes show", ref="S1"))
    assert "S2 · version 1" in said(await given(world, scenes_json(view("Not one")), world.bob))


async def test_what_was_private_stays_so_in_a_round_trip(world: World) -> None:
    await create(world, private=True)
    data = json.dumps({**json.loads(GOOD), "request": {"idea": "a secret", "character": "x", "private": True}}).encode()
    result = await given(world, data)
    assert result.ephemeral
    assert "only you see this" in said(result)
    assert "no scene list `S2`" in said(await world.bob.slash(world.channel, "scenes show", ref="S2"))
    told = await given(world, data, private=False)
    assert not told.ephemeral, "who says so publishes it"
    assert "S3 · version 1" in said(await world.bob.slash(world.channel, "scenes show", ref="S3"))


async def test_refs_of_another_server_mean_nothing(world: World) -> None:
    await world.ann.slash(world.channel, "character create", description="an astronaut", name="Vera")
    data = json.loads(GOOD)
    data["request"] |= {"character": "C1", "project": "P1", "flavor": "nowhere"}
    data["flavor"] = "nowhere"
    result = await given(world, json.dumps(data).encode())
    assert "Vera" not in said(result)
    made = await shown(world, "S1")
    assert (made.record.character_id, made.record.project_id) == (None, None)
    assert made.version.brief.character == "C1 (of the list that was imported)"
    assert made.version.brief.flavor == "default"
    request = json.loads(await exported(world))["request"]
    assert request["character"] == "C1 (of the list that was imported)"
    assert "project" not in request


async def test_an_import_belongs_to_the_project_that_holds_where_it_comes_in(world: World) -> None:
    await world.ann.slash(world.channel, "project create", name="Spring")
    await world.ann.slash(world.channel, "project create", name="Autumn")
    await world.manager.slash(world.channel, "settings set", project="P1")
    await create(world)
    data = await exported(world)
    assert "P1 Spring" in said(await given(world, data))
    assert "P2 Autumn" in said(await given(world, data, project="P2"))
    again, first = json.loads(await exported(world, "S2")), json.loads(data)
    assert again["request"] == first["request"]


async def test_nothing_is_brought_in_where_nothing_is_made(world: World) -> None:
    other = world.server.create_text_channel("quiet")
    await world.manager.slash(world.channel, "settings set", allow_channel=other)
    refused = await given(world, GOOD)
    assert "Nothing is made in this channel" in said(refused)
    assert "no scene list `S1`" in said(await world.ann.slash(world.channel, "scenes show", ref="S1"))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"PK\x03\x04 a zip", "archive or a spreadsheet"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b'{"a":' * 2_000, "nested far too deep"),
        (b" " * 10_000_000, "too large: 10.0 MB, where 1.0 MB are the most"),
        (b"{}", "not the `scenes.json` of a scene list"),
        (b"", "file is empty"),
        (json.dumps({**json.loads(GOOD), "scenes": [], "@everyone <@1>": 2}).encode(), "holds 0"),
        (scenes_json(view("x", scenes=24)).replace(b'"title"', b'"`@here`*"', 9), "does not belong there"),
    ],
    ids=["zip", "not utf-8", "deep", "10 MB", "another", "empty", "zero scenes", "keys"],
)
async def test_a_file_that_is_not_ours_is_refused_and_nothing_stored(world: World, data: bytes, told: str) -> None:
    result = await given(world, data)
    assert result.ephemeral
    assert told in said(result)
    assert "harged" not in said(result)
    assert "No scene lists here yet" in said(await world.ann.slash(world.channel, "scenes list"))
    assert "S1 · version 1" in said(await given(world, GOOD)), "no number was used up"


async def test_an_unknown_project_is_refused_and_nothing_stored(world: World) -> None:
    result = await given(world, GOOD, project="Nope")
    assert result.ephemeral
    assert "There is no project `Nope`" in said(result)
    assert "No scene lists here yet" in said(await world.ann.slash(world.channel, "scenes list"))


@pytest.mark.parametrize("private", [True, False])
async def test_a_slow_file_is_acknowledged_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch, private: bool
) -> None:
    monkeypatch.setattr("bot.doors.CHECKS_SECONDS", 0.0)
    made = await given(world, GOOD, private=private)
    assert made.ephemeral is private
    assert "S1 · version 1" in said(made)
    refused = await given(world, b"{}", private=private)
    assert "not the `scenes.json`" in said(refused)
    assert reply(refused).ephemeral
    assert len(world.channel.history(viewer=world.bob)) == (0 if private else 1)


async def test_a_file_that_discord_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(file: discord.Attachment, **options: Any) -> bytes:
        raise ConnectionError

    monkeypatch.setattr(discord.Attachment, "read", gone)
    assert "Discord did not give out this file" in said(await given(world, GOOD))


async def test_the_same_file_twice_and_by_two_at_once(world: World) -> None:
    data = GOOD
    await world.at_once([lambda: given(world, data), lambda: given(world, data, world.bob)])
    assert {(await shown(world, ref)).record.owner_id for ref in ("S1", "S2")} == {world.ann.id, world.bob.id}


@pytest.mark.parametrize("text", ["@everyone <@1> **`[x](https://e.example)", "\u202eabc", "👩‍👩‍👧‍👦" * 10, "=1+1"])
async def test_hard_texts_go_round(world: World, text: str) -> None:
    first = json.loads(scenes_json(view(text, scenes=2)))
    result = await given(world, json.dumps(first).encode())
    assert "S1 · version 1" in said(result)
    again = json.loads(await exported(world))
    assert [again[key] for key in ("title", "scenes")] == [first[key] for key in ("title", "scenes")]
    for format in ("markdown", "csv", "xlsx"):
        await exported(world, format=format)


async def test_every_field_at_its_limit(world: World) -> None:
    made = json.loads(scenes_json(view("A keeper", scenes=24)))
    made |= {"title": "👩" * TITLE, "logline": "👩" * TEXT, "palette": [f"#00000{n}" for n in range(6)]}
    made["request"] |= {
        "idea": "👩" * limits.IDEA,
        "character": "👩" * limits.CHARACTER,
        "traits": "👩" * limits.TRAITS,
    }
    for scene in made["scenes"]:
        scene |= {name: "👩" * most for name, most in LENGTHS.items()}
    world.uploads_up_to(10 * 1024 * 1024)
    result = await given(world, json.dumps(made, ensure_ascii=False).encode())
    assert "S1 · version 1" in said(result)
    assert files(reply(result)) == ["scenes.md", "scenes.json"]
    everything = await world.bob.click(reply(result), label="Export")
    assert files(reply(everything)) == ALL
    by_name = {file.filename: await file.read() for file in reply(everything).attachments}
    assert json.loads(by_name["S1_v1.json"])["scenes"] == made["scenes"]
    assert by_name["S1_v1.csv"].decode().count("👩" * TEXT) == 24 * 3
