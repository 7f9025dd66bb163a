"""Go and Cancel: what may cost much is asked about first, whichever way it was asked for, and has one effect."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from simcord.actors import _visible_message
from simcord.results import InteractionResult

from mv.domain.audit import Audit
from mv.domain.jobs import Job, JobState
from mv.domain.usage import AllowanceKind
from mv.ports import Counted
from tests.bot.conftest import MakeWorld
from tests.bot.test_budget import audited, balanced
from tests.bot.test_once import SCENES, everything_twice, jobs
from tests.bot.test_settings import put
from tests.bot.world import World, labels, reply, said
from tests.standins.gemini import GeminiStandIn, Reply
from tests.standins.replicate import ReplicateStandIn, Script

FOX: dict[str, Any] = {"description": "a *fox* in a raincoat", "engine": "imagen-4", "images": 2}
"""Two pictures at four cents."""


@pytest.fixture
def configs(configs_with: Callable[[str, str, str], Path]) -> Path:
    """What may cost more than five cents is asked about."""
    return configs_with("limits.yaml", "ask_over: 0.50", "ask_over: 0.05")


@pytest.fixture
async def world(make_world: MakeWorld, configs: Path, replicate: ReplicateStandIn) -> World:
    return await make_world(configs=configs, replicate=replicate)


@pytest.fixture
def priced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every scene list costs ten cents, as was estimated."""
    monkeypatch.setattr("mv.domain.engine.Engine.scene_cost", lambda *_, **__: 100_000)


async def ask(world: World, **options: Any) -> InteractionResult:
    return await world.ann.slash(world.channel, "character create", **{**FOX, **options})


def is_question(result: InteractionResult, number: int) -> bool:
    return result.ephemeral and labels(result) == ["Go", "Cancel"] and f"J{number}\nGo ahead?" in said(result)


async def nothing_of(world: World, number: int) -> Job:
    """The job is only a question: nothing is reserved, waits, or is to be delivered."""
    job = await world.job(number)
    assert (job.state, job.error, job.cost, job.once) == (JobState.CANCELLED, "Unconfirmed", None, None)
    assert job.reply.token is None
    assert await world.books(number) == {}
    async with world.app.tools.records.read() as tx:
        assert await tx.jobs.unfinished() == ()
        assert await tx.jobs.undelivered() == ()
        assert await tx.usage.lines(job.id) == ()
    return job


def public(world: World) -> list[str]:
    return [said(message) for message in world.channel.history(viewer=world.bob)]


# ── the question ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_estimate_is_shown_to_whoever_asked_and_nothing_is_begun(
    world: World, replicate: ReplicateStandIn
) -> None:
    asked = await ask(world)
    assert is_question(asked, 1)
    for words in ("> a \\*fox\\* in a raincoat", "2 pictures of a character by **imagen-4**", "up to **$0.08**",
                  "Nothing was charged"):  # fmt: skip
        assert words in said(asked)
    assert public(world) == []
    assert replicate.counts["creates"] == 0
    await nothing_of(world, 1)
    for kind in AllowanceKind:
        assert await world.used(world.ann.id, kind) == 0


async def test_go_makes_one_job_in_public(world: World, replicate: ReplicateStandIn) -> None:
    asked = await ask(world)
    made = await world.ann.click(reply(asked), label="Go")
    assert not made.ephemeral
    assert "C1" in said(world.last)
    assert replicate.counts["creates"] == 2
    assert await world.net(2) == {"images": 2, "spend": 80_000}
    late = await world.ann.click(reply(asked), label="Go")
    assert late.ephemeral
    assert "asked for already: J2" in said(late)
    assert "Nothing was charged" in said(late)
    assert await jobs(world) == 2
    await nothing_of(world, 1)
    async with world.app.tools.records.read() as tx:
        assert await tx.jobs.usual_seconds("imagen-4", (await world.job(1)).kind) is not None
    await balanced(world)


async def test_what_is_private_stays_private(world: World) -> None:
    asked = await ask(world, private=True)
    assert is_question(asked, 1)
    made = await world.ann.click(reply(asked), label="Go")
    assert made.ephemeral
    assert "C1" in said(made)
    assert public(world) == []


async def test_pressed_several_times_at_once(world: World, replicate: ReplicateStandIn) -> None:
    message = reply(await ask(world))
    await world.at_once([partial(world.ann.click, message, label="Go")] * 3)
    assert await jobs(world) == 2
    assert replicate.counts["creates"] == 2
    with everything_twice(world):
        asked = await ask(world, fresh=True)
        assert is_question(asked, 3)
        await world.ann.click(reply(asked), label="Go")
    assert await jobs(world) == 4
    assert replicate.counts["creates"] == 4
    await balanced(world)


@pytest.mark.parametrize("kill", [False, True])
async def test_go_after_a_restart(world: World, replicate: ReplicateStandIn, kill: bool) -> None:
    message = reply(await ask(world))
    await world.restart(kill=kill)
    await world.env.settle(timeout=10)
    assert public(world) == [], "nothing is delivered for a question"
    await world.ann.click(message, label="Go")
    assert "C1" in said(world.last)
    await world.restart()
    assert "asked for already: J2" in said(await world.ann.click(message, label="Go"))
    assert replicate.counts["creates"] == 2
    await balanced(world)


async def test_cancel(world: World, replicate: ReplicateStandIn) -> None:
    message = reply(await ask(world))
    await world.restart()
    await world.ann.click(message, label="Cancel")
    answered = _now(world, message)
    assert "J1 is not made" in said(answered)
    assert labels(answered) == []
    assert public(world) == []
    assert replicate.counts["creates"] == 0
    assert await jobs(world) == 1
    assert is_question(await ask(world), 2)
    assert await audited(world) == Audit(jobs=2)


@pytest.mark.parametrize("kill", [False, True])
async def test_go_after_cancel_makes_nothing(world: World, replicate: ReplicateStandIn, kill: bool) -> None:
    message = reply(await ask(world))
    other = reply(await world.ann.slash(world.channel, "jobs show", ref="J1"))
    await world.ann.click(message, label="Cancel")
    await world.restart(kill=kill)
    late = await world.ann.click(other, label="Go")
    assert late.ephemeral
    assert "Too late: J1 was cancelled already" in said(late)
    await world.ann.click(other, label="Cancel")
    assert "J1 is not made" in said(_now(world, other))
    assert (await jobs(world), replicate.counts["creates"]) == (1, 0)
    assert await audited(world) == Audit(jobs=1)


@pytest.mark.parametrize("pressed", [("Cancel", "Go"), ("Go", "Cancel")])
async def test_go_and_cancel_at_once_have_one_effect(
    world: World, replicate: ReplicateStandIn, pressed: tuple[str, str]
) -> None:
    messages = [reply(await ask(world)), reply(await world.ann.slash(world.channel, "jobs show", ref="J1"))]
    presses = zip(messages, pressed, strict=True)
    await world.at_once([partial(world.ann.click, message, label=label) for message, label in presses])
    told = " ".join(said(message) for message in world.channel.history(viewer=world.ann))
    if await jobs(world) == 1:
        assert "Too late: J1" in told
        assert "J1 is not made" in told
    else:
        assert "J2 is asked for already" in told
        assert "J1 is not made" not in told
    assert replicate.counts["creates"] == 2 * (await jobs(world) - 1)
    assert (await audited(world)).differences == []


def _now(world: World, message: Any) -> Any:
    return next(each for each in world.channel.history(viewer=world.ann) if each.id == message.id)


async def test_cancel_after_go_says_what_was_begun(world: World) -> None:
    message = reply(await ask(world))
    await world.ann.click(message, label="Go")
    await world.ann.click(message, label="Cancel")
    told = said(_now(world, message))
    assert "J2 is asked for already" in told
    assert "Nothing" not in told
    assert await world.net(2) == {"images": 2, "spend": 80_000}


@pytest.mark.parametrize("action", ["job.retry", "job.leave"])
async def test_only_whoever_asked_may_answer(world: World, replicate: ReplicateStandIn, action: str) -> None:
    await ask(world)
    question = (await world.job(1)).id
    await world.bob.slash(world.channel, "character create", description="y", engine="imagen-4")
    public_message = world.last
    (first, *_), *_ = [row["components"] for row in _visible_message(world.bob, public_message).components]
    first["custom_id"] = f"mv:{action}:{question}"
    for who in (world.bob, world.manager):
        refused = await who.click(public_message, label=first["label"])
        assert refused.ephemeral
        assert f"Only <@{world.ann.id}> may" in said(refused)
    assert await jobs(world) == 2
    assert replicate.counts["creates"] == 1


# ── what is not asked about ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "options",
    [{"images": 1}, {"engine": "nano-banana-pro"}, {"engine": "offline-sheet", "images": 4}],
    ids=["cheap", "unpriced", "free"],
)
async def test_what_is_cheap_or_has_no_price_just_starts(world: World, options: dict[str, Any]) -> None:
    assert not (await ask(world, **options)).ephemeral
    assert (await world.job(1)).state is JobState.DONE


async def test_with_the_limit_as_it_is_shipped_nothing_is_asked_here(
    make_world: MakeWorld, replicate: ReplicateStandIn
) -> None:
    world = await make_world(replicate=replicate)
    assert not (await ask(world, images=4)).ephemeral


async def test_it_can_be_switched_off(
    make_world: MakeWorld, replicate: ReplicateStandIn, configs_with: Callable[[str, str, str], Path]
) -> None:
    world = await make_world(configs=configs_with("limits.yaml", "ask_over: 0.50", "ask_over:"), replicate=replicate)
    assert world.app.tools.config.limits.ask_over is None
    assert not (await ask(world, images=4)).ephemeral


async def test_what_is_refused_is_not_asked_about(world: World) -> None:
    notices = world.server.create_text_channel("managers")
    await put(world, budget=0.1, notices_channel=notices)
    for number in (1, 2):
        assert is_question(await ask(world), number), "a question uses nothing of the budget"
    assert list(notices.history()) == []
    refused = await ask(world, images=4)
    assert "The budget of this server is not enough: $0.00 of $0.10" in said(refused)
    assert labels(refused) == []
    await world.manager.slash(world.channel, "quota set", kind="images", limit=1.0, period="day")
    assert "Your allowance of images is not enough" in said(await ask(world))
    assert await jobs(world) == 2
    assert (await audited(world)).differences == []


async def test_what_is_used_up_meanwhile_is_refused_at_go(world: World, replicate: ReplicateStandIn) -> None:
    questions = [reply(await ask(world, seed=seed)) for seed in (1, 2)]
    await put(world, budget=0.1)
    await world.ann.click(questions[0], label="Go")
    refused = await world.ann.click(questions[1], label="Go")
    assert refused.ephemeral
    assert "The budget of this server is not enough: $0.08 of $0.10" in said(refused)
    assert replicate.counts["creates"] == 2
    await put(world, budget=1.0)
    await world.ann.click(questions[1], label="Go")
    assert replicate.counts["creates"] == 4


async def test_go_agrees_to_no_more_than_was_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    message = reply(await ask(world))
    with monkeypatch.context() as dearer:
        dearer.setattr("mv.domain.engine.Engine.picture_cost", lambda *_: 90_000)
        again = await world.ann.click(message, label="Go")
        assert is_question(again, 2)
        assert "up to **$0.09**" in said(again)
        await world.ann.click(reply(again), label="Go")
    assert (await world.job(3)).state is JobState.DONE
    await world.ann.click(message, label="Go")
    assert (await world.job(4)).state is JobState.DONE, "each question is answered once"


# ── every way to ask ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_vary_its_form_and_new_takes(world: World, replicate: ReplicateStandIn) -> None:
    await world.ann.click(reply(await ask(world)), label="Go")
    shown, number = world.last, 2
    by_command = partial(world.bob.slash, world.channel, "character vary", ref="C1", instructions="in the rain")

    async def by_form() -> InteractionResult:
        return await world.bob.submit_modal(await world.bob.click(shown, label="Vary"), {"instructions": "at night"})

    for act in (by_command, by_form, partial(world.bob.click, shown, label="Again")):
        before = replicate.counts["creates"]
        asked = await act()
        assert is_question(asked, number + 1)
        assert replicate.counts["creates"] == before
        await world.bob.click(reply(asked), label="Go")
        number += 2
        assert (await world.job(number)).state is JobState.DONE
        assert replicate.counts["creates"] == before + 2
    assert (await world.job(6)).order["variation"]["instructions"] == "at night"
    await balanced(world)


@pytest.mark.usefixtures("priced")
async def test_scenes_their_forms_and_again(world: World) -> None:
    asked = await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert is_question(asked, 1)
    assert "A scene list of 1 scene by" in said(asked)
    await world.ann.click(reply(asked), label="Go")
    shown, number = world.last, 2
    by_command = partial(world.bob.slash, world.channel, "scenes revise", ref="S1", instructions="more rain", scene=1)

    async def by_form() -> InteractionResult:
        form = await world.bob.click(shown, label="Revise")
        return await world.bob.submit_modal(form, {"instructions": "more fog"})

    for act, words in (
        (by_command, "Another version of one scene"),
        (by_form, "Another version of"),
        (partial(world.bob.click, shown, label="Again"), "Another version of 1 scene"),
    ):
        asked = await act()
        assert is_question(asked, number + 1)
        assert words in said(asked)
        await world.bob.click(reply(asked), label="Go")
        number += 2
        assert (await world.job(number)).state is JobState.DONE
    assert "version 4" in said(world.last)
    await balanced(world)


@pytest.mark.usefixtures("priced")
async def test_a_question_stands_in_nobodys_way(world: World) -> None:
    await world.ann.click(reply(await world.ann.slash(world.channel, "scenes create", **SCENES)), label="Go")
    shown = world.last
    first = await world.ann.click(shown, label="Again")
    second = await world.bob.click(shown, label="Again")
    assert is_question(first, 3)
    assert is_question(second, 4)


async def test_retry_of_what_was_agreed_to_asks_no_more(world: World, replicate: ReplicateStandIn) -> None:
    replicate.script.extend([Script(status="failed", error="boom")] * 2)
    await world.ann.click(reply(await ask(world)), label="Go")
    assert labels(world.last) == ["Retry"]
    retried = await world.ann.click(world.last, label="Retry")
    assert not retried.ephemeral
    assert (await world.job(3)).state is JobState.DONE
    await balanced(world)


@pytest.mark.usefixtures("priced")
async def test_edit_and_retry_asks_anew(make_world: MakeWorld, configs: Path, google: GeminiStandIn) -> None:
    world = await make_world(configs=configs, google=google)
    google.script.append(Reply(block_reason="SAFETY", candidates=False))
    await world.ann.click(reply(await world.ann.slash(world.channel, "scenes create", **SCENES)), label="Go")
    shown = await world.ann.click(world.last, label="Edit and retry")
    asked = await world.ann.submit_modal(shown, {"idea": "A new idea", "character": "Mara"})
    assert is_question(asked, 3)
    assert "> A new idea" in said(asked)
    await world.ann.click(reply(asked), label="Go")
    assert "S1 · version 1" in said(world.last)


async def test_in_a_direct_message(world: World, replicate: ReplicateStandIn) -> None:
    world.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=404, code=10015, times=None)
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50001, times=1)
    world.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50001, times=1)
    await world.ann.click(reply(await ask(world)), label="Go")
    box = world.ann.user.dm_channel
    assert box.last_message is not None
    world.env.backend.faults.clear()
    asked = await world.ann.user.click(box.last_message, label="Again")
    assert labels(asked) == ["Go", "Cancel"]
    assert replicate.counts["creates"] == 2
    for number in (1, 2):
        await world.ann.user.click(reply(asked), label="Go")
        assert replicate.counts["creates"] == 4, number
    assert (await world.job(4)).state is JobState.DONE


# ── slow, and looked at ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_when_checks_take_long_the_question_is_still_for_the_asker_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.doors.CHECKS_SECONDS", 0.0)
    asked = await ask(world)
    assert labels(asked) == ["Go", "Cancel"]
    assert public(world) == []
    made = await world.ann.click(reply(asked), label="Go")
    assert not made.ephemeral
    assert "C1" in said(world.last)


async def test_jobs_show_and_list_say_what_it_was(world: World) -> None:
    await ask(world)
    await ask(world, private=True)
    shown = said(await world.manager.slash(world.channel, "jobs show", ref="J1"))
    for words in ("**Waits for Go**", "may cost up to $0.08", "only after **Go**", "not charged"):
        assert words in shown
    assert "deliver" not in shown
    assert "on its way" not in shown
    listed = said(await world.ann.slash(world.channel, "jobs list"))
    assert listed.count("waits for Go: up to $0.08") == 2
    theirs = said(await world.manager.slash(world.channel, "jobs list"))
    assert theirs.count("waits for Go") == 2
    assert theirs.count("$0.08") == 1
    asked = await world.ann.slash(world.channel, "jobs show", ref="J1")
    assert is_question(asked, 1), "it can be answered here as well"
    await world.ann.click(reply(asked), label="Go")
    assert "**Not started** · **Go** made **J3**" in said(await world.ann.slash(world.channel, "jobs show", ref="J1"))
    assert "J3 is asked for already" in said(await world.ann.slash(world.channel, "jobs cancel", ref="J1"))
    assert "J2 is not made" in said(await world.manager.slash(world.channel, "jobs cancel", ref="J2"))
    listed = said(await world.ann.slash(world.channel, "jobs list"))
    assert "not started: Go made J3" in listed
    assert "cancelled, not started" in listed
    assert "waits" not in listed
    assert "Cancelled, not started" in said(await world.ann.slash(world.channel, "jobs show", ref="J2"))


async def test_only_what_is_begun_is_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[Counted] = []
    monkeypatch.setattr(world.app.tools.meter, "count", lambda what, **_: counted.append(what))
    message = reply(await ask(world))
    assert Counted.JOBS_ACCEPTED not in counted
    await world.ann.click(message, label="Go")
    assert counted.count(Counted.JOBS_ACCEPTED) == 1


async def test_a_member_who_is_forgotten_leaves_no_question_to_answer(world: World) -> None:
    message = reply(await ask(world))
    forget = await world.ann.slash(world.channel, "mydata forget")
    yes = next(label for label in labels(forget) if label != "Keep")
    await world.ann.click(reply(forget), label=yes)
    await world.env.settle(timeout=10)
    answer = await world.ann.click(message, label="Go")
    assert answer.ephemeral
    assert "C1" not in said(answer)
    assert await jobs(world) == 1
