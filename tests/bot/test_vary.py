"""/character vary, the Vary button and its form, and what Again and Retry make of a varied take."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from functools import partial
from typing import Any

import discord
import pytest
from simcord.actors import _visible_message
from simcord.results import InteractionResult

from bot.ui.custom_ids import Action, Press, custom_id
from mv.domain.actor import Actor
from mv.domain.character import Character, Take, VaryOrder
from mv.domain.ids import ChannelId, Kind, MemberId, RecordId, Ref, ServerId
from mv.domain.jobs import Job, JobState
from mv.domain.usage import AllowanceKind
from mv.ports import Seen
from tests.bot.conftest import MakeWorld
from tests.bot.world import World, labels, reply, said
from tests.standins.replicate import ReplicateStandIn, Script

WHO = "an astronaut with a violin, silver hair"
NASTY = [
    "x" * 2000,
    "**bold** `code` ||spoiler|| [free](https://evil.example/) @everyone <@1>",
    "a\0b",
    "half \ud800 of a pair",
    "\u202egpj.exe",
    "👩‍🚀" * 200,
    "# heading\n> quote\n- list",
]


async def create(world: World, **options: Any) -> discord.Message:
    made = await world.ann.slash(world.channel, "character create", **{"description": WHO, **options})
    return reply(made).message


async def vary(world: World, **options: Any) -> InteractionResult:
    return await world.bob.slash(world.channel, "character vary", **{"ref": "C1", **options})


async def kept(world: World, number: int = 1) -> tuple[Character, tuple[Take, ...]]:
    async with world.app.tools.records.read() as tx:
        seen = Seen(server_id=ServerId(world.server.id), member_id=MemberId(world.ann.id))
        record = await tx.characters.find(seen, Ref(Kind.CHARACTER, number))
        assert record is not None
        return record, await tx.characters.takes(record.id)


def variation(job: Job) -> dict[str, Any] | None:
    found: dict[str, Any] | None = job.order["variation"]
    return found


async def test_new_takes_of_the_same_character(world: World) -> None:
    old = await create(world, seed=7, aspect_ratio="1:1")
    made = await vary(world, instructions="in a red coat")
    assert not made.ephemeral
    assert world.last.id != old.id
    text = said(world.last)
    assert "C1 · take 2" in text
    assert "C1 · take 1" not in text
    assert "> in a red coat" in text
    assert WHO in text
    assert "works from the description and the instructions alone" in text
    assert await world.net(2) == {"images": 1}
    assert await world.used(world.bob.id, AllowanceKind.IMAGES) == 1
    record, takes = await kept(world)
    assert record.takes == 2
    assert [(t.author_id, t.instruction, t.from_take) for t in takes] == [
        (world.ann.id, "", None),
        (world.bob.id, "in a red coat", None),
    ]
    assert takes[1].seed != 7
    assert takes[1].aspect_ratio == "1:1"
    assert takes[0].original.sha256 != takes[1].original.sha256


async def test_without_instructions_it_is_as_again_and_says_so(world: World) -> None:
    await create(world)
    await vary(world)
    assert "so these are new takes with a new seed, as Again makes them" in said(world.last)
    assert "> " not in said(world.last)


async def test_the_button_opens_a_form_that_says_which_takes_it_means(world: World) -> None:
    first = await create(world, images=3)
    shown = await world.bob.click(first, label="Vary")
    assert shown.modal is not None
    assert "C1" in shown.modal["title"]
    told = str(shown.modal)
    assert "This message shows takes 1, 2, 3." in told
    await world.bob.submit_modal(shown, {"instructions": "older", "take": "2"})
    assert "C1 · take 4" in said(world.last)
    assert variation(await world.job(2)) == {"instructions": "older", "take": 2, "named": True, "words_by": None}
    shown = await world.bob.click(world.last, label="Vary")
    assert "This message shows takes 4, 5, 6." in str(shown.modal)
    await world.bob.submit_modal(shown, {"instructions": "", "take": "  "})
    assert variation(await world.job(3)) == {"instructions": "", "take": 6, "named": False, "words_by": None}


@pytest.mark.parametrize("typed", ["0", "2", "99999", "x", "-1", "²", "1.5"])
async def test_a_take_that_there_never_was_keeps_what_was_typed(world: World, typed: str) -> None:
    message = await create(world)
    shown = await world.bob.click(message, label="Vary")
    refused = await world.bob.submit_modal(shown, {"instructions": "with *wings*", "take": typed})
    assert refused.ephemeral
    assert "The take must be from 1 to 1" in said(refused)
    assert "Nothing was charged" in said(refused)
    again = await world.bob.click(reply(refused), label="Change it")
    assert "with *wings*" in str(again.modal)
    await world.bob.submit_modal(again, {"instructions": "with *wings*", "take": "1"})
    assert "C1 · take 2" in said(world.last)


async def test_the_command_refuses_what_is_not_there(world: World) -> None:
    await create(world)
    for options, words in (
        ({"take": 9}, "The take must be from 1 to 1"),
        ({"take": 2**31}, "The take must be from 1 to 1"),
        ({"ref": "C2"}, "There is no character `C2` here"),
        ({"ref": "S1"}, "There is no character `S1` here"),
        ({"ref": "C0"}, "There is no character `C0` here"),
    ):
        refused = await vary(world, **options)
        assert refused.ephemeral
        assert words in said(refused)
        assert "Nothing was charged" in said(refused)
    assert await world.used(world.bob.id, AllowanceKind.IMAGES) == 0


@pytest.mark.parametrize("text", NASTY)
async def test_instructions_of_any_kind(world: World, text: str) -> None:
    """What the bot sends is looked at when the world closes."""
    message = await create(world)
    shown = await world.bob.click(message, label="Vary")
    await world.bob.submit_modal(shown, {"instructions": text, "take": "1"})
    assert "C1 · take 2" in said(world.last)
    await world.bob.slash(world.channel, "character history", ref="C1")
    assert (await world.job(2)).state is JobState.DONE


async def test_a_private_character_is_varied_in_private_and_by_its_author_alone(world: World) -> None:
    made = await world.ann.slash(world.channel, "character create", description="a lizard of state", private=True)
    varied = await world.ann.slash(world.channel, "character vary", ref="C1", instructions="greener")
    assert varied.ephemeral
    assert "take 2" in said(varied)
    shown = await world.ann.click(reply(made), label="Vary")
    assert (await world.ann.submit_modal(shown, {"instructions": "smaller"})).ephemeral
    assert world.channel.history(viewer=world.bob) == []
    for who in (world.bob, world.manager):
        refused = await who.slash(world.channel, "character vary", ref="C1", instructions="x")
        assert "There is no character `C1` here" in said(refused)
    elsewhere = await world.ann_elsewhere.slash(world.far, "character vary", ref="C1", instructions="x")
    assert "There is no character" in said(elsewhere)


async def test_in_a_direct_message_ones_own_can_be_varied(world: World) -> None:
    world.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=404, code=10015, times=None)
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50001, times=1)
    world.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50001, times=1)
    await create(world)
    box = world.ann.user.dm_channel
    assert box.last_message is not None
    world.env.backend.faults.clear()
    shown = await world.ann.user.click(box.last_message, label="Vary")
    await world.ann.user.submit_modal(shown, {"instructions": "in blue"})
    assert "C1 · take 2" in said(box.last_message)
    assert "> in blue" in said(box.last_message)


async def test_two_people_vary_at_once(world: World) -> None:
    message = await create(world, images=2)
    await world.at_once(
        [
            partial(world.bob.slash, world.channel, "character vary", ref="C1", instructions="red"),
            partial(world.ann.slash, world.channel, "character vary", ref="C1", instructions="blue"),
            partial(world.manager.click, message, label="Again"),
        ]
    )
    record, takes = await kept(world)
    assert record.takes == 8
    assert [take.number for take in takes] == list(range(1, 9))
    by_job = {take.job_id: take.instruction for take in takes}
    assert sorted(by_job.values()) == ["", "", "blue", "red"]
    for job_id in by_job:
        numbers = [take.number for take in takes if take.job_id == job_id]
        assert numbers == [numbers[0], numbers[0] + 1], "the takes of a job follow each other"


async def test_numbers_of_takes_that_are_gone_are_not_given_again(world: World) -> None:
    await create(world, images=2)
    record, _ = await kept(world)
    await without_take(world, record.id, 2)
    await vary(world, instructions="red")
    assert [take.number for take in (await kept(world))[1]] == [1, 3, 4]
    refused = await vary(world, instructions="red", take=2)
    assert "C1 has no take 2" in said(refused)


async def without_take(world: World, record_id: RecordId, number: int) -> None:
    """As after a clean-up."""
    from sqlalchemy import delete

    from mv.store.tables import takes

    async with world.app.tools.records.write() as tx:
        gone = (takes.c.character_id == record_id) & (takes.c.number == number)
        await tx.characters._connection.execute(delete(takes).where(gone))  # type: ignore[attr-defined]


# ── Again ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_again_repeats_what_made_the_message(world: World) -> None:
    plain = await create(world)
    await vary(world, instructions="in a red coat")
    varied = world.last
    await world.ann.click(varied, label="Again")
    assert "C1 · take 3" in said(world.last)
    assert "> in a red coat" in said(world.last)
    await world.ann.click(plain, label="Again")
    assert "C1 · take 4" in said(world.last)
    assert "red coat" not in said(world.last)
    _, takes = await kept(world)
    assert [take.instruction for take in takes] == ["", "in a red coat", "in a red coat", ""]
    assert len({take.seed for take in takes}) == 4
    assert takes[2].author_id == world.ann.id


async def test_again_of_two_messages_does_not_stand_in_each_others_way(make_world: MakeWorld) -> None:
    world = await make_world()
    plain = await create(world)
    await vary(world, instructions="in a red coat")
    varied = world.last
    await world.at_once(
        [
            partial(world.ann.click, plain, label="Again"),
            partial(world.ann.click, varied, label="Again"),
            partial(world.bob.click, varied, label="Again"),
        ]
    )
    _, takes = await kept(world)
    assert sorted(take.instruction for take in takes[2:]) == ["", "in a red coat"]


async def test_buttons_from_before_varying_work(world: World) -> None:
    """They know the record only, or the record and the job."""
    await create(world, images=2)
    await vary(world, instructions="in a red coat")
    record, takes = await kept(world)
    old = f"mv:character.again:{record.id}"
    await press(world, old)
    assert "C1 · take 5" in said(world.last)
    assert "red coat" not in said(world.last)
    answer = await press(world, f"mv:character.original:{record.id}:{takes[0].job_id}")
    assert re.findall(r"take (\d)", said(answer)) == ["1", "2"]


async def press(world: World, old: str) -> InteractionResult:
    """A button of an earlier version of the bot, put in the place of the one of now."""
    message = world.last
    action = ":".join(old.split(":")[:2])
    buttons = [button for row in _visible_message(world.ann, message).components for button in row["components"]]
    (button,) = [button for button in buttons if button["custom_id"].startswith(action)]
    button["custom_id"] = old
    result: InteractionResult = await world.ann.click(message, label=button["label"])
    return result


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_deleted_while_it_waits_nothing_is_made_and_all_is_given_back(
    make_world: MakeWorld, replicate: ReplicateStandIn
) -> None:
    world = await make_world(replicate=replicate)
    await create(world)
    record, _ = await kept(world)
    job = await asked_only(world, record)
    await world.app.characters.delete(actor(world), record.id)
    world.app.engine.release(job)
    ended = await over(world, 2)
    assert (ended.state, ended.error, ended.cost) == (JobState.FAILED, "NotFound", None)
    assert await world.net(2) == {}
    assert replicate.counts["creates"] == 1


def actor(world: World) -> Actor:
    return Actor(
        member_id=MemberId(world.ann.id), server_id=ServerId(world.server.id), channel_id=ChannelId(world.channel.id)
    )


async def asked_only(world: World, record: Character, number: int = 1) -> Job:
    """A job that is stored and not released yet."""
    first = (await world.job(1)).reply
    reply_to = replace(first, interaction_id=number, token=None, token_expires_at=None, message_id=None)
    return await world.app.characters.vary(actor(world), record.id, VaryOrder(instructions=f"{number}"), reply_to)


async def over(world: World, number: int) -> Job:
    """The job, once it has ended."""
    async with asyncio.timeout(20):
        while not (job := await world.job(number)).state.final:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return job


async def test_deleted_while_it_is_painted_the_answer_is_clear(
    make_world: MakeWorld, replicate: ReplicateStandIn
) -> None:
    world = await make_world(replicate=replicate)
    message = await create(world)
    replicate.script.append(Script(delay=6.0))
    begun = await world.begun(vary(world, instructions="red"))
    question = await world.begun(world.ann.click(message, label="Delete"))
    await world.begun(world.ann.click(reply(question), label="Delete C1"))
    await world.env.settle(timeout=10)
    assert "There is no character here any more" in said(begun)
    assert "your allowance was given back" in said(begun)
    assert (await world.net(2)).get("images") is None
    assert (await world.job(2)).error == "NotFound"


async def test_retry_keeps_the_instruction(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    world = await make_world(replicate=replicate)
    await create(world)
    replicate.script.append(Script(status="failed", error="CUDA out of memory"))
    await vary(world, instructions="in a red coat", take=1)
    assert labels(world.last) == ["Retry"]
    await world.bob.click(world.last, label="Retry")
    assert "C1 · take 2" in said(world.last)
    assert "> in a red coat" in said(world.last)
    prompts = [one.input["prompt"] for one in replicate.predictions.values()]
    assert "in a red coat" in prompts[1]
    assert prompts[1] == prompts[2]


async def test_edit_and_retry_has_the_instructions_in_it(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    world = await make_world(replicate=replicate)
    await create(world)
    replicate.script.append(Script(status="failed", error="NSFW content detected"))
    await vary(world, instructions="in a red coat", take=1)
    assert labels(world.last) == ["Edit and retry"]
    refused = await world.ann.click(world.last, label="Edit and retry")
    assert "may not retry" in said(refused)
    await world.restart()
    shown = await world.bob.click(world.last, label="Edit and retry")
    assert "in a red coat" in str(shown.modal)
    await world.bob.submit_modal(shown, {"instructions": "in a blue coat"})
    assert "C1 · take 2" in said(world.last)
    assert "> in a blue coat" in said(world.last)
    assert variation(await world.job(3)) == {
        "instructions": "in a blue coat",
        "take": 1,
        "named": True,
        "words_by": None,
    }


async def test_the_form_of_before_a_restart_can_still_be_sent(world: World) -> None:
    message = await create(world)
    shown = await world.bob.click(message, label="Vary")
    await world.restart()
    await world.bob.submit_modal(shown, {"instructions": "in a red coat"})
    assert "C1 · take 2" in said(world.last)
    await world.restart()
    await world.bob.click(world.last, label="Again")
    assert "> in a red coat" in said(world.last)


async def test_an_allowance_that_does_not_suffice(world: World) -> None:
    await create(world, images=2)
    await world.manager.slash(world.channel, "quota set", kind="images", limit=1.0, period="day")
    refused = await vary(world, instructions="red")
    assert refused.ephemeral
    assert "is not enough" in said(refused)
    assert (await kept(world))[0].takes == 2


async def test_of_many_at_once_none_is_lost(world: World) -> None:
    await create(world)
    record, _ = await kept(world)
    jobs = await asyncio.gather(*(asked_only(world, record, number) for number in range(1, 9)))
    for job in jobs:
        world.app.engine.release(job)
    assert {(await over(world, number)).state for number in range(2, 10)} == {JobState.DONE}
    assert [take.number for take in (await kept(world))[1]] == list(range(1, 10))


def test_the_button_names_its_record_and_its_takes() -> None:
    key = RecordId("01J90000000000000000000001")
    assert custom_id(Press(action=Action.CHARACTER_VARY, record=key, takes=(3, 4))) == f"mv:character.vary:{key}:3.4"
