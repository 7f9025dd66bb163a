"""/character original where a file is over what this server takes: a link where the store signs one, else a smaller
picture."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from simcord.results import InteractionResult

from bot import logs
from mv.domain.character import Take
from mv.domain.ids import Kind, MemberId, Ref, ServerId
from mv.ports import Clock, Seen
from mv.store.media import ObjectMedia
from tests.bot.conftest import MakeWorld
from tests.bot.world import World, files, reply, said

START = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
SIGNATURE = "a5eecade" * 8
LINK = re.compile(r"\[Take (\d) · (\d+\.\d) MB\]\(<(https://[^>]+)>\)")


class SigningMedia(ObjectMedia):
    """A folder that gives out links, as long as those of S3 with a session's token."""

    asked: list[tuple[str, int]]

    async def link(self, key: str, seconds: int) -> str | None:
        self.asked = [*getattr(self, "asked", []), (key, seconds)]
        token = "IQoJb3JpZ2lu" * 100
        return f"https://s3.example.org/bucket/{key}?X-Amz-Security-Token={token}&X-Amz-Signature={SIGNATURE}"


class StillClock(Clock):
    def now(self) -> datetime:
        return START


@pytest.fixture
async def signing(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("mv.app.ObjectMedia", SigningMedia)
    return await make_world(clock=StillClock())


async def takes(world: World) -> tuple[Take, ...]:
    seen = Seen(server_id=ServerId(world.server.id), member_id=MemberId(world.ann.id))
    async with world.app.tools.records.read() as tx:
        record = await tx.characters.find(seen, Ref(Kind.CHARACTER, 1))
        assert record is not None
        return await tx.characters.takes(record.id)


async def painted(world: World, images: int = 1) -> tuple[Take, ...]:
    """C1, whose originals are over the limit from now on."""
    await world.ann.slash(world.channel, "character create", description="y", images=images)
    made = await takes(world)
    world.uploads_up_to(min(take.original.bytes for take in made) - 1)
    return made


def links(result: InteractionResult) -> list[tuple[int, str]]:
    return [(int(number), address) for number, _, address in LINK.findall(said(result))]


async def test_the_command_and_the_button_give_a_link_to_the_untouched_file(signing: World) -> None:
    (take,) = await painted(signing)
    message = signing.last
    for asked in (
        await signing.ann.slash(signing.channel, "character original", ref="C1"),
        await signing.ann.slash(signing.channel, "character original", ref="C1", take=1),
        await signing.bob.click(message, label="Original"),
    ):
        assert asked.ephemeral
        assert files(reply(asked)) == []
        ((number, address),) = links(asked)
        assert number == 1
        assert address.startswith(f"https://s3.example.org/bucket/{take.original.key}?")
        assert address.endswith(SIGNATURE)
        until = int((START + timedelta(hours=1)).timestamp())
        assert f"<t:{until}:t> (<t:{until}:R>)" in said(asked)
        assert f"{take.original.bytes / 1e6:.1f} MB" in said(asked)
        assert "copy" not in said(asked)
    media = signing.app.tools.media
    assert isinstance(media, SigningMedia)
    assert media.asked == [(take.original.key, 3600)] * 3


async def test_four_links_in_one_message(signing: World) -> None:
    await painted(signing, images=4)
    asked = await signing.ann.click(signing.last, label="Original")
    assert [number for number, _ in links(asked)] == [1, 2, 3, 4]
    assert asked.followups == []


async def test_only_what_is_too_large_is_a_link(signing: World) -> None:
    await signing.ann.slash(signing.channel, "character create", description="y", images=2)
    made = await takes(signing)
    small, large = sorted(made, key=lambda take: take.original.bytes)
    assert small.original.bytes < large.original.bytes
    signing.uploads_up_to(small.original.bytes)
    asked = await signing.ann.slash(signing.channel, "character original", ref="C1")
    assert [number for number, _ in links(asked)] == [large.number]
    assert len(files(reply(asked))) == 1
    alone = await signing.ann.slash(signing.channel, "character original", ref="C1", take=small.number)
    assert links(alone) == []


@pytest.mark.parametrize("harm", ["gone", "changed"])
async def test_no_link_to_a_file_that_is_gone_or_changed(signing: World, harm: str) -> None:
    first, second = await painted(signing, images=2)
    path = signing.folder / "media" / first.original.key
    path.unlink() if harm == "gone" else path.write_bytes(b"something else")
    asked = await signing.ann.slash(signing.channel, "character original", ref="C1")
    assert [number for number, _ in links(asked)] == [2]
    alone = await signing.ann.slash(signing.channel, "character original", ref="C1", take=1)
    assert "There is no file `C1` here" in said(alone)
    media = signing.app.tools.media
    assert isinstance(media, SigningMedia)
    assert [key for key, _ in media.asked] == [second.original.key]


async def test_a_folder_gives_the_largest_copy_that_fits(world: World) -> None:
    await painted(world)
    asked = await world.ann.slash(world.channel, "character original", ref="C1")
    assert links(asked) == []
    assert "the largest copy that fits" in said(asked)
    (name,) = files(reply(asked))
    assert name.endswith(".smaller.webp")


async def test_a_link_that_no_message_holds_is_none(signing: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mv.domain.limits.LINK", 1000)
    await painted(signing)
    asked = await signing.ann.slash(signing.channel, "character original", ref="C1")
    assert links(asked) == []
    assert "the largest copy that fits" in said(asked)


async def test_a_link_stands_in_no_line_of_the_log_and_in_no_record(
    signing: World, caplog: pytest.LogCaptureFixture
) -> None:
    for name, level in logs.QUIET.items():
        caplog.set_level(level, name)
    caplog.set_level(logging.DEBUG)
    await painted(signing)
    assert links(await signing.ann.slash(signing.channel, "character original", ref="C1"))
    signing.env.inject_error("POST", "/interactions/*/callback", status=400, code=50035)
    await signing.ann.slash(signing.channel, "character original", ref="C1")
    signing.incidents_expected = True
    lines = [f"{logging.Formatter().format(record)} {record.args!r}" for record in caplog.records]
    assert "an answer to a member" in caplog.text
    assert [line for line in lines if SIGNATURE in line] == []
    await signing.app._database.close()
    stored = [path for path in signing.folder.rglob("*") if path.is_file()]
    assert [path for path in stored if SIGNATURE.encode() in path.read_bytes()] == []
