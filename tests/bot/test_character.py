"""/character: pictures, originals, and the buttons below them."""

from __future__ import annotations

import io
import re

from PIL import Image
from simcord.results import InteractionResult

from mv.domain.ids import Kind, MemberId, Ref, ServerId
from mv.domain.jobs import JobState
from mv.domain.usage import AllowanceKind
from mv.ports import Seen
from tests.bot.world import World, files, labels, reply, said

WHO = "an astronaut with a violin, silver hair"
NAME = re.compile(r"character_ref_\d{8}_\d{6}_[0-9a-f]{6,}\.\w+")


async def create(world: World, **options: object) -> InteractionResult:
    return await world.ann.slash(world.channel, "character create", **{"description": WHO, **options})


async def test_create_answers_with_a_picture_a_take(world: World) -> None:
    result = await create(world, name="Vera", images=2, seed=7, aspect_ratio="1:1")
    assert not result.ephemeral
    message = world.last
    assert len(message.embeds) == 2
    assert "C1 · take 1" in said(message)
    assert "C1 · take 2" in said(message)
    assert WHO in said(message)
    assert [name for name in files(message) if not (NAME.fullmatch(name) and name.endswith(".webp"))] == []
    assert [e.image.url for e in message.embeds] == [f"attachment://{name}" for name in files(message)]
    assert all(a.description and "Vera" in a.description for a in message.attachments)
    assert labels(message) == ["Vary", "Again", "Original", "Use in scenes", "Delete"]
    assert await world.net(1) == {"images": 2}


async def test_the_preview_is_light_and_the_original_is_untouched(world: World) -> None:
    await create(world)
    preview = Image.open(io.BytesIO(await world.last.attachments[0].read()))
    assert preview.format == "WEBP"
    assert max(preview.size) <= 1024
    answer = await world.bob.click(world.last, label="Original")
    assert answer.ephemeral
    original = reply(answer).attachments[0]
    data = await original.read()
    async with world.app.tools.records.read() as tx:
        record = await tx.characters.find(
            Seen(server_id=ServerId(world.server.id), member_id=MemberId(world.ann.id)), C1
        )
        assert record is not None
        (take,) = await tx.characters.takes(record.id)
    assert NAME.fullmatch(original.filename)
    assert take.original.key.endswith(original.filename)
    assert (len(data), take.original.mime) == (take.original.bytes, f"image/{original.filename.rsplit('.')[-1]}")


C1 = Ref(Kind.CHARACTER, 1)


async def test_original_gives_all_takes_or_one(world: World) -> None:
    await create(world, images=3)
    everything = await world.bob.slash(world.channel, "character original", ref="C1")
    assert everything.ephemeral
    assert len(files(reply(everything))) == 3
    assert len(files(reply(await world.bob.slash(world.channel, "character original", ref="C1", take=2)))) == 1
    assert "has no take" in said(await world.bob.slash(world.channel, "character original", ref="C1", take=4))


async def test_again_adds_takes_with_a_new_seed(world: World) -> None:
    await create(world, seed=7)
    old = world.last
    await world.bob.click(old, label="Again")
    assert world.last.id != old.id
    assert "C1 · take 2" in said(world.last)
    assert "C1 · take 1" not in said(world.last)
    shown = await world.bob.slash(world.channel, "character show", ref="c1")
    assert not shown.ephemeral
    assert "C1 · take 2" in said(shown)
    seeds = re.findall(r"seed (\d+)", said(old) + said(world.last))
    assert seeds[0] == "7"
    assert seeds[1:] != ["7"]
    assert await world.used(world.bob.id, AllowanceKind.IMAGES) == 1


async def test_the_original_button_gives_the_takes_of_its_message(world: World) -> None:
    await create(world, images=2)
    first = world.last
    await world.ann.click(first, label="Again")
    assert said(await world.ann.click(first, label="Original")).count("take ") == 2
    assert "take 3" in said(await world.ann.click(world.last, label="Original"))


async def test_use_in_scenes_opens_a_form_that_makes_a_list(world: World) -> None:
    await create(world, name="Vera")
    shown = await world.bob.click(world.last, label="Use in scenes")
    assert shown.modal is not None
    assert "C1" in shown.modal["title"]
    await world.bob.submit_modal(shown, {"idea": "She plays for the moon", "count": "2 ", "style": "noir"})
    assert "S1 · version 1" in said(world.last)
    assert "C1 Vera" in said(world.last)
    assert "**2 scenes**" in said(world.last)
    assert (await world.job(2)).order["request"]["style"] == "noir"


async def test_the_form_refuses_what_is_no_number_of_scenes(world: World) -> None:
    await create(world)
    for typed in ("0", "25", "x", "-1", "²", "1."):
        shown = await world.bob.click(world.last, label="Use in scenes")
        answer = await world.bob.submit_modal(shown, {"idea": "She plays", "count": typed})
        assert answer.ephemeral
        assert "The number of scenes must be from 1 to 24" in said(answer)
    assert await world.used(world.bob.id, AllowanceKind.SCENES) == 0


async def test_a_form_opened_before_a_restart_can_still_be_sent(world: World) -> None:
    await create(world, name="Vera")
    shown = await world.bob.click(world.last, label="Use in scenes")
    await world.restart()
    await world.bob.submit_modal(shown, {"idea": "She plays for the moon"})
    assert "S1 · version 1" in said(world.last)


async def test_list_and_delete(world: World) -> None:
    await create(world, name="Vera")
    listed = await world.bob.slash(world.channel, "character list")
    assert listed.ephemeral
    assert "**C1** · Vera" in said(listed)
    refused = await world.bob.slash(world.channel, "character delete", ref="C1")
    assert f"<@{world.ann.id}>" in said(refused)
    message = world.last
    question = await world.ann.click(message, label="Delete")
    await world.ann.click(reply(question), label="Keep")
    question = await world.ann.click(message, label="Delete")
    await world.ann.click(reply(question), label="Delete C1")
    assert "C1 is deleted" in said(world.last)
    assert "No characters here yet" in said(await world.bob.slash(world.channel, "character list"))
    for answer in (
        await world.ann.slash(world.channel, "character show", ref="C1"),
        await world.ann.slash(world.channel, "character original", ref="C1"),
        await world.ann.slash(world.channel, "scenes create", idea="x", character="C1"),
    ):
        assert answer.ephemeral
        assert "There is no character" in said(answer)


async def test_buttons_work_after_a_restart(world: World) -> None:
    await create(world)
    await world.restart()
    assert files(reply(await world.bob.click(world.last, label="Original")))
    await world.bob.click(world.last, label="Again")
    assert "C1 · take 2" in said(world.last)


async def test_a_result_in_a_direct_message_keeps_working_there(world: World) -> None:
    world.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=404, code=10015, times=None)
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50001, times=1)
    world.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50001, times=1)
    await create(world, name="Vera")
    box = world.ann.user.dm_channel
    message = box.last_message
    assert message is not None
    assert "C1 · take 1" in said(message)
    world.env.backend.faults.clear()
    assert files(reply(await world.ann.user.click(message, label="Original")))
    await world.ann.user.click(message, label="Again")
    assert box.last_message is not None
    assert "C1 · take 2" in said(box.last_message)
    shown = await world.ann.user.click(message, label="Use in scenes")
    await world.ann.user.submit_modal(shown, {"idea": "She plays for the moon", "count": "1"})
    assert "S1 · version 1" in said(box.last_message)
    assert (await world.job(3)).state is JobState.DONE
    question = await world.ann.user.click(message, label="Delete")
    await world.ann.user.click(reply(question), label="Delete C1")
    assert "C1 is deleted" in said(question)
