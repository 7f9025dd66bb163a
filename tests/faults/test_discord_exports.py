"""Files that go out and come in, over real sockets, and Discord's faults meanwhile."""

from __future__ import annotations

import io
import json
import re
import zipfile

import pytest

from tests.faults.stage import Stage
from tests.standins.discord import File, Interaction, Member

pytestmark = pytest.mark.asyncio(loop_scope="module")

SENT = "/webhooks/*/*"
EDGE = 900
"""Of pictures of noise, in pixels."""


async def json_of(stage: Stage, member: Member, ref: str) -> bytes:
    answer = await (
        await stage.discord.slash("scenes export", {"ref": ref, "format": "json"}, member=member)
    ).response()
    assert answer.ephemeral
    (file,) = answer.attachments
    return file.data


async def given(stage: Stage, data: bytes, *, private: bool = False) -> Interaction:
    options = {"file": File("scenes.json", data), "private": private}
    return await stage.discord.slash("scenes import", options, member=stage.newcomer())


async def of(stage: Stage) -> tuple[Member, bytes]:
    told = await stage.scenes()
    member = stage.discord.guild.members[told.asked.user.id]
    found = re.search(r"\bS\d+\b", told.text)
    assert found is not None
    return member, await json_of(stage, member, found[0])


async def test_a_list_goes_out_and_comes_in(stage: Stage) -> None:
    _, data = await of(stage)
    answer = await (await given(stage, data)).response()
    assert not answer.ephemeral
    assert "version 1" in answer.text
    made = json.loads(next(file.data for file in answer.attachments if file.name == "scenes.json"))
    first = json.loads(data)
    assert made["ref"] != first["ref"]
    assert [made[key] for key in ("title", "logline", "palette", "scenes", "request")] == [
        first[key] for key in ("title", "logline", "palette", "scenes", "request")
    ]


async def test_a_file_that_discord_does_not_have_any_more(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    _, data = await of(stage)

    class Forgetful(dict[int, object]):
        def __setitem__(self, key: int, value: object) -> None:
            return

    monkeypatch.setattr(stage.discord.world, "given", Forgetful())
    answer = await (await given(stage, data)).response()
    assert answer.ephemeral
    assert "Discord did not give out this file" in answer.text


async def test_a_file_that_is_not_ours(stage: Stage) -> None:
    answer = await (await given(stage, b'{"a": 1}')).response()
    assert answer.ephemeral
    assert "not the `scenes.json`" in answer.text


async def project(stage: Stage) -> tuple[Member, str, int]:
    """A project with two pictures, and a limit that both together are over."""
    stage.replicate.edge = EDGE
    member = stage.newcomer()
    made = await (await stage.discord.slash("project create", {"name": member.user.name}, member=member)).response()
    ref = next(word for word in made.text.split() if word.startswith("P"))
    told = await stage.character(images=2, member=member, project=ref)
    assert told.job.record_id is not None
    async with stage.app.tools.records.read() as tx:
        sizes = [take.original.bytes for take in await tx.characters.takes(told.job.record_id)]
    return member, ref, max(sizes) + min(sizes) // 2


async def test_a_project_leaves_in_parts(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    member, ref, room = await project(stage)
    monkeypatch.setattr("tests.standins.discord.world.Guild.upload_limit", property(lambda guild: room))
    asking = await stage.discord.slash("project export", {"ref": ref}, member=member)
    answer = await asking.until(lambda message: bool(message.attachments))
    assert answer.ephemeral
    names = [file.name for file in answer.attachments]
    assert len(names) == 2
    for file in answer.attachments:
        assert len(file.data) <= room
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            assert archive.testzip() is None
            assert json.loads(archive.read("manifest.json"))["archives"] == names


async def test_discord_takes_less_than_it_said(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    member, ref, room = await project(stage)
    monkeypatch.setattr("tests.standins.discord.world.Guild.upload_limit", property(lambda guild: room))
    fault = stage.discord.fail("POST", SENT, 413, 40005)
    asking = await stage.discord.slash("project export", {"ref": ref}, member=member)
    await asking.until(lambda message: [file.name for file in message.attachments] == [f"{ref}_1of2.zip"])
    await asking.followup(lambda message: [file.name for file in message.attachments] == [f"{ref}_2of2.zip"])
    assert fault.hits == 1
    stage.discord.fail("POST", SENT, 413, 40005, times=2)
    asking = await stage.discord.slash("project export", {"ref": ref}, member=member)
    answer = await asking.until(lambda message: "too large" in message.text)
    assert answer.ephemeral


async def test_a_token_that_is_over(stage: Stage) -> None:
    member, ref, _ = await project(stage)
    fault = stage.discord.fail("POST", SENT, 401, 50027, times=None)
    await (await stage.discord.slash("project export", {"ref": ref}, member=member)).acknowledged()
    await stage.until(lambda: f"ended before {ref}.zip was sent" in stage.log.text, "it is in the log")
    assert fault.hits == 1
