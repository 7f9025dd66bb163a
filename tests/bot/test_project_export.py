"""/project export, as a member gets it."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import discord
import pytest
from PIL import Image
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from mv.domain.character import MediaFile
from mv.errors import StorageFull
from tests.bot.conftest import MakeWorld
from tests.bot.world import World, files, reply, said


def left(world: World) -> list[str]:
    """What exports leave behind."""
    return os.listdir(world.app.tools.scratch)


FIGURE = {"description": "an astronaut with a violin", "project": "P1"}
SCENES = {"idea": "x", "character": "y", "count": 2}


async def some(world: World) -> None:
    """P1 with a list and a character of two pictures."""
    await world.ann.slash(world.channel, "project create", name="Spring / Tide: 灯台")
    await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1")
    await world.ann.slash(world.channel, "character create", **FIGURE, images=2, name='Vera "V" ..')


async def filled(world: World) -> None:
    """As `some`, with a list and a private character of Bob's, and a private list of Ann's; and what is not in it."""
    await some(world)
    await world.bob.slash(world.channel, "scenes create", **SCENES, project="P1")
    await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1", private=True)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    await world.bob.slash(world.channel, "character create", **FIGURE, images=1, private=True)


async def export(world: World, who: MemberActor, ref: str = "P1") -> InteractionResult:
    result: InteractionResult = await who.slash(world.channel, "project export", ref=ref)
    assert result.ephemeral
    return result


async def archives(result: InteractionResult) -> list[tuple[str, bytes]]:
    answers = [*([result.response] if result.response else []), *result.followups]
    seen = {answer.id: answer for answer in answers}
    return [(file.filename, await file.read()) for answer in seen.values() for file in answer.attachments]


def checked(data: bytes) -> dict[str, Any]:
    """The manifest; every file is as it says."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        found: dict[str, Any] = json.loads(archive.read("manifest.json"))
        assert sorted(archive.namelist()) == sorted(["manifest.json", *(file["name"] for file in found["files"])])
        for file in found["files"]:
            content = archive.read(file["name"])
            assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
    return found


def inside(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(next(each for each in archive.namelist() if name in each))


async def originals(world: World) -> list[MediaFile]:
    """Ann's two pictures."""
    job = await world.job(2)
    assert job.record_id is not None
    async with world.app.tools.records.read() as tx:
        return [take.original for take in await tx.characters.takes(job.record_id)]


async def room_for_one(world: World) -> int:
    """An upload limit that two pictures are over."""
    return max(file.bytes for file in await originals(world)) + 40_000


async def test_all_that_the_asker_may_see(world: World) -> None:
    await filled(world)
    result = await export(world, world.ann)
    ((name, data),) = await archives(result)
    assert name == "P1.zip"
    assert "3 scene lists, 1 character, 2 pictures" in said(result)
    found = checked(data)
    names = [file["name"] for file in found["files"]]
    assert names[0] == "contact_sheet.jpg"
    assert [record["ref"] for record in found["records"]] == ["S1", "S2", "S3", "C1"]
    assert [record["private"] for record in found["records"]] == [False, False, True, False]
    assert len([each for each in names if each.startswith("scene_lists/S2 ")]) == 3
    pictures = [each for each in names if each.startswith("characters/C1 Vera V/take ")]
    assert [inside(data, each) for each in pictures] == [
        await world.app.tools.media.get(file.key) for file in await originals(world)
    ]
    assert json.loads(inside(data, "(v1).json"))["ref"] == "S1"
    assert inside(data, "(v1).csv").startswith(b"\xef\xbb\xbf")
    assert Image.open(io.BytesIO(inside(data, "contact_sheet.jpg"))).size == (540, 320)
    assert found["project"]["name"] == "Spring / Tide: 灯台"
    assert [take["main"] for take in found["records"][3]["takes"]] == [False, True]
    assert left(world) == []


async def test_what_others_keep_private_stays_out(world: World) -> None:
    await filled(world)
    ((_, of_bob),) = await archives(await export(world, world.bob))
    assert [record["ref"] for record in checked(of_bob)["records"]] == ["S1", "S2", "C1", "C2"]
    ((_, of_manager),) = await archives(await export(world, world.manager))
    assert [record["ref"] for record in checked(of_manager)["records"]] == ["S1", "S2", "C1"]
    assert "**P1**" not in "".join(message.content for message in world.channel.history(viewer=world.ann))


async def test_another_servers_project_does_not_exist(world: World) -> None:
    await some(world)
    for who, where in ((world.stranger, world.far), (world.ann_elsewhere, world.far)):
        result = await who.slash(where, "project export", ref="P1")
        assert result.ephemeral
        assert "There is no project `P1`" in said(result)
    await world.ann_elsewhere.slash(world.far, "project create", name="Mine")
    ((_, data),) = await archives(await world.stranger.slash(world.far, "project export", ref="p1"))
    assert checked(data)["records"] == []


@pytest.mark.parametrize("ref", ["P9", "S1", "", "x" * 3000, "@everyone **`", "P0", "#", "\x00"])
async def test_a_project_that_is_none(world: World, ref: str) -> None:
    await world.ann.slash(world.channel, "project create", name="Spring")
    result = await export(world, world.ann, ref)
    assert "There is no project" in said(result)


async def test_by_name_empty_and_with_deleted_records(world: World) -> None:
    await some(world)
    await world.ann.slash(world.channel, "project create", name="Empty")
    result = await export(world, world.ann, " empty ")
    ((name, data),) = await archives(result)
    assert (name, checked(data)["files"], checked(data)["records"]) == ("P2.zip", [], [])
    assert "0 scene lists" in said(result)
    question = await world.ann.slash(world.channel, "character delete", ref="C1")
    await world.ann.click(reply(question), label="Delete C1")
    ((_, data),) = await archives(await export(world, world.ann))
    assert [record["ref"] for record in checked(data)["records"]] == ["S1"]


async def test_split_where_the_server_takes_less(world: World) -> None:
    await some(world)
    room = await room_for_one(world)
    world.uploads_up_to(room)
    result = await export(world, world.ann)
    made = await archives(result)
    assert [name for name, _ in made] == [f"P1_{n}of{len(made)}.zip" for n in range(1, len(made) + 1)]
    assert len(made) >= 2
    assert max(len(data) for _, data in made) <= room
    found = [checked(data) for _, data in made]
    assert all(each["archives"] == [name for name, _ in made] for each in found)
    assert sum(len(each["files"]) for each in found) == 1 + 3 + 2
    assert f"{len(made)} files, each complete in itself" in said(result)
    assert len(reply(result).attachments) == len(made), "together in one message"
    assert left(world) == []


async def test_several_messages_when_one_would_be_too_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await some(world)
    monkeypatch.setattr("bot.delivery.parcels.MESSAGE_BYTES", 1)
    world.uploads_up_to(await room_for_one(world))
    result = await export(world, world.ann)
    made = await archives(result)
    assert len(made) >= 2
    texts = [message.content for message in world.channel.history(viewer=world.ann) if message.attachments][
        -len(made) :
    ]
    assert texts[-1].endswith(f"· part {len(made)} of {len(made)}")
    assert "1 scene list, 1 character, 2 pictures" in texts[0]


async def test_a_picture_larger_than_the_server_takes(world: World) -> None:
    await some(world)
    room = min(file.bytes for file in await originals(world)) - 1
    world.uploads_up_to(room)
    result = await export(world, world.ann)
    made = await archives(result)
    assert max(len(data) for _, data in made) <= room
    out = [left for _, data in made for left in checked(data)["left_out"]]
    ways = [f"/character original ref:C1 take:{take}" for take in (1, 2)]
    assert [(left["why"], left["instead"]) for left in out] == [("too_large", way) for way in ways]
    text = "\n".join(message.content for message in world.channel.history(viewer=world.ann))
    assert "2 pictures" in text
    assert all(f"`{way}`" in text for way in ways)


async def test_a_picture_that_is_gone_is_named(world: World) -> None:
    await some(world)
    first, second = await originals(world)
    await world.app.tools.media.delete(first.key)
    await world.app.tools.media.put(second.key, b"something else", "image/png")
    ((_, data),) = await archives(await export(world, world.ann))
    found = checked(data)
    assert [left["why"] for left in found["left_out"]] == ["gone", "gone"]
    assert "something else" not in str(found)
    assert len(found["records"]) == 2


@pytest.mark.parametrize("ref", ["P1", "spring / Tide: 灯台"])
async def test_an_archived_project(world: World, ref: str) -> None:
    await some(world)
    await world.ann.slash(world.channel, "project archive", ref="P1")
    offered = await world.bob.autocomplete(world.channel, "project export", "ref", "spring")
    assert [(choice["value"], choice["name"].endswith(" · archived")) for choice in offered] == [("P1", True)]
    ((_, data),) = await archives(await export(world, world.bob, ref))
    assert checked(data)["project"]["archived_at"] is not None


async def test_two_at_once_and_after_a_restart(make_world: MakeWorld) -> None:
    world = await make_world()
    await some(world)
    await world.restart()
    before = len(world.env.http_requests)
    await world.at_once([lambda: export_started(world, world.ann), lambda: export_started(world, world.bob)])
    sent = [r for r in world.env.http_requests[before:] if r.method == "POST" and "/webhooks/" in r.path]
    assert len(sent) == 2


async def export_started(world: World, who: MemberActor) -> None:
    await who.slash(world.channel, "project export", ref="P1")


async def test_it_is_acknowledged_before_it_is_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await some(world)
    packed = world.app.exports.project
    acknowledged: list[bool] = []

    @asynccontextmanager
    async def looked(*given: Any) -> AsyncIterator[Any]:
        newest = max(world.env.backend.interactions.values(), key=lambda record: record.id)
        acknowledged.append(newest.responded)
        async with packed(*given) as bundle:
            yield bundle

    monkeypatch.setattr(world.app.exports, "project", looked)
    await archives(await export(world, world.ann))
    assert acknowledged == [True]


def failing(monkeypatch: pytest.MonkeyPatch, *answers: tuple[int, int]) -> list[int]:
    """Follow-ups are refused with these; how many files each had."""
    send, left, had = discord.Webhook.send, list(answers), []

    async def refused(webhook: discord.Webhook, *given: Any, **options: Any) -> Any:
        had.append(len(options.get("files", ())))
        if left and options.get("files"):
            status, code = left.pop(0)
            answer: Any = type("Answer", (), {"status": status, "reason": ""})()
            raise discord.HTTPException(answer, {"code": code, "message": ""})
        return await send(webhook, *given, **options)

    monkeypatch.setattr(discord.Webhook, "send", refused)
    return had


@pytest.mark.parametrize("answer", [(401, 50027), (404, 10015)])
async def test_a_token_that_ends_meanwhile_is_in_the_log(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    answer: tuple[int, int],
) -> None:
    await some(world)
    monkeypatch.setattr("bot.delivery.parcels.MESSAGE_BYTES", 1)
    world.uploads_up_to(await room_for_one(world))
    had = failing(monkeypatch, answer)
    with caplog.at_level(logging.WARNING):
        await export_started(world, world.ann)
    assert had == [1], "a dead token is not asked again"
    assert [r.getMessage() for r in caplog.records if "ended before P1_1of" in r.getMessage()]
    assert left(world) == []


async def test_discord_takes_less_than_it_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await some(world)
    world.uploads_up_to(await room_for_one(world))
    had = failing(monkeypatch, (413, 40005))
    made = await archives(await export(world, world.ann))
    assert had == [len(made)] + [1] * len(made)
    monkeypatch.undo()
    failing(monkeypatch, (413, 40005), (413, 40005))
    result = await export(world, world.ann)
    assert await archives(result) == []
    assert "`P1_1of" in said(result)
    assert "too large for this server" in said(result)


@pytest.mark.parametrize("command", ["project export", "mydata export"])
@pytest.mark.parametrize(("where", "call"), [(zipfile.ZipFile, "writestr"), (Path, "write_bytes"), (Path, "mkdir")])
async def test_a_full_disk_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, command: str, where: type, call: str
) -> None:
    await some(world)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(where, call, full)
    given = {"ref": "P1"} if command == "project export" else {}
    result = await world.ann.slash(world.channel, command, **given)
    assert result.ephemeral
    assert StorageFull.__name__ not in said(result)
    assert "disk is full" in said(result)
    assert files(reply(result)) == []
    assert left(world) == []
