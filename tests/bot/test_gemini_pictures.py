"""Pictures by Gemini, as members meet them: what comes, what is charged, and what becomes of faults and kills."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from mv.domain.engine import Vendor
from mv.domain.jobs import JobState
from mv.errors import Stopped
from mv.services.character_run import CharacterRunner
from mv.services.intake import kept as file_of
from mv.services.trace import Trace
from tests.bot.conftest import MakeWorld
from tests.bot.test_vary import create, kept, vary
from tests.bot.test_vary_by_picture import over, until
from tests.bot.world import KEY, World, eventually, files, labels, reply, said
from tests.standins.gemini import GeminiStandIn, Reply, references, refusal
from tests.standins.local import Fault
from tests.standins.replicate import ReplicateStandIn, Script

BANANA = "gemini-nano-banana-2.1"
PICTURE = 40_000
VENDORS_WORDS = "xyzzy-vendor-text"


@pytest.fixture
async def world(make_world: MakeWorld, google: GeminiStandIn) -> World:
    """With a key for Gemini only."""
    return await make_world(google=google)


async def failed(world: World, *words: str, state: JobState = JobState.FAILED, lost: int = 0) -> None:
    text = said(world.last)
    for word in words:
        assert word in text
    assert VENDORS_WORDS not in text
    assert "your allowance was given back" in text
    assert (await world.job(1)).state is state
    assert await world.books(1) == ({"lost": lost} if lost else {})


async def sums_of(world: World, number: int) -> dict[tuple[str, str], int]:
    """What the ledger has of a job, by measure and engine."""
    sums: Counter[tuple[str, str]] = Counter()
    job = await world.job(number)
    async with world.app.tools.records.read() as tx:
        for line in await tx.usage.lines(job.id):
            sums[line.kind.value, line.engine] += line.amount
    return {key: amount for key, amount in sums.items() if amount}


async def test_a_picture_and_its_cost(world: World, google: GeminiStandIn) -> None:
    google.script.append(Reply(model_version="gemini-nano-banana-2.1-0930"))
    await create(world, engine=BANANA, aspect_ratio="3:4", images=2)
    assert len(files(world.last)) == 2
    assert "$0.04" in said(world.last)
    assert await world.net(1) == {"images": 2, "spend": 2 * PICTURE}
    _, takes = await kept(world)
    assert {take.engine for take in takes} == {BANANA}
    assert "gemini-nano-banana-2.1-0930" in {take.model_version for take in takes}
    assert len({take.original.key for take in takes}) == 2
    assert google.calls == 2
    assert google.requests[-1]["generationConfig"]["imageConfig"] == {"aspectRatio": "3:4", "imageSize": "1K"}


async def test_with_a_key_for_gemini_alone_its_engine_is_the_one_used(world: World, google: GeminiStandIn) -> None:
    await create(world)
    assert (await world.job(1)).engine == BANANA
    assert len(files(world.last)) == 1
    assert await world.net(1) == {"images": 1, "spend": PICTURE}
    refused = await world.ann.slash(world.channel, "character create", description="x", engine="imagen-4")
    assert "Replicate is not set up" in said(refused)


async def test_with_a_key_for_replicate_alone_nothing_is_asked_of_gemini(
    make_world: MakeWorld, replicate: ReplicateStandIn
) -> None:
    world = await make_world(replicate=replicate)
    await create(world)
    assert (await world.job(1)).order["engines"] == ["imagen-4", "flux-1.1-pro"]
    refused = await world.ann.slash(world.channel, "character create", description="x", engine=BANANA)
    assert "Google Gemini is not set up" in said(refused)


async def test_an_engine_without_a_price_is_unpriced(world: World) -> None:
    await create(world, engine="gemini-3-pro-image")
    assert "unpriced" in said(world.last)
    assert await world.net(1) == {"images": 1}


@pytest.mark.parametrize(
    ("answer", "words", "label"),
    [
        (Reply(block_reason="PROHIBITED_CONTENT"), "prohibited content", "Edit and retry"),
        (Reply(finish_reason="IMAGE_SAFETY", text=""), "safety rules", "Edit and retry"),
        (Reply(finish_reason="IMAGE_RECITATION", text=""), "reciting existing works", "Edit and retry"),
        (Reply(finish_reason="NO_IMAGE", text=VENDORS_WORDS), "no picture came", "Retry"),
        (Reply(text=VENDORS_WORDS), "no picture came", "Retry"),
        (Reply(base64=VENDORS_WORDS), "was broken", "Retry"),
        (Reply(data=b"<html>"), "not a picture", "Retry"),
        (Reply(fault=refusal(403, "PERMISSION_DENIED", VENDORS_WORDS)), "refused the key", "Retry"),
        (Reply(fault=refusal(400, "INVALID_ARGUMENT", VENDORS_WORDS)), "refused the request as malformed", "Retry"),
    ],
)
async def test_no_picture_and_nothing_charged(
    world: World, google: GeminiStandIn, answer: Reply, words: str, label: str, caplog: pytest.LogCaptureFixture
) -> None:
    google.script.append(answer)
    await create(world, engine=BANANA)
    spoiled = answer.base64 is not None or answer.data is not None
    await failed(world, words, lost=PICTURE if spoiled else 0)
    assert labels(world.last) == [label]
    assert google.calls == 1
    assert KEY not in caplog.text


async def test_busy_or_down_for_a_moment_is_not_noticed(world: World, google: GeminiStandIn) -> None:
    busy, down = refusal(429, "RESOURCE_EXHAUSTED", "slow"), refusal(503, "UNAVAILABLE", "overloaded")
    google.script.extend([Reply(fault=busy), Reply(fault=down)])
    await create(world, engine=BANANA)
    assert "C1 · take 1" in said(world.last)
    assert google.calls == 3


async def test_whether_it_was_made_is_not_known(world: World, google: GeminiStandIn) -> None:
    google.script.append(Reply(fault=Fault(drop="before")))
    await create(world, engine=BANANA)
    await failed(world, "The answer of Google Gemini was lost", "may have charged", state=JobState.UNCERTAIN)
    assert google.calls == 1
    await world.ann.click(world.last, label="Retry")
    assert "C1 · take 1" in said(world.last)
    assert google.calls == 2


async def test_some_of_several_pictures_failed(world: World, google: GeminiStandIn) -> None:
    google.script.extend([Reply(), Reply(fault=Fault(drop="before")), Reply(text="no")])
    await create(world, engine=BANANA, images=3)
    assert "1 of 3 pictures came; whether the vendor accepted the rest is not known" in said(world.last)
    assert await world.net(1) == {"images": 1, "spend": PICTURE}
    await world.ann.click(world.last, label="Retry")
    assert "C1 · take 3" in said(world.last)
    assert google.calls == 5


# ── by the picture of a take ─────────────────────────────────────────────────────────────────────────────────────────


async def test_the_untouched_file_goes_along(world: World, google: GeminiStandIn) -> None:
    await create(world, engine=BANANA)
    await vary(world, instructions="in a red coat")
    _, takes = await kept(world)
    ((address, upload),) = google.files.items()
    assert upload.data == await file_of(world.app.tools.media, takes[0].original)
    assert (upload.name, upload.mime) == (takes[0].original.key.split("/")[1], takes[0].original.mime)
    assert [references(one) for one in google.requests] == [[], [address]]
    prompt = google.requests[-1]["contents"][0]["parts"][-1]["text"]
    assert "It is the very person of the picture" in prompt
    assert "in a red coat" in prompt
    assert "**Goes by** · take 1" in said(world.last)
    assert "**Note**" not in said(world.last)
    assert [take.from_take for take in takes] == [None, 1]
    assert google.uploads == 1


async def test_an_upload_that_does_not_succeed_costs_nothing(world: World, google: GeminiStandIn) -> None:
    await create(world, engine=BANANA)
    google.uploading.extend([Fault(status=500)] * 3)
    await vary(world, instructions="red")
    assert "Google Gemini cannot be reached at the moment" in said(world.last)
    assert await world.net(2) == {}
    assert google.calls == 1
    await world.bob.click(world.last, label="Retry")
    assert "**Goes by** · take 1" in said(world.last)


async def test_it_takes_over_where_all_of_replicates_are_gone(
    make_world: MakeWorld, google: GeminiStandIn, replicate: ReplicateStandIn
) -> None:
    world = await make_world(google=google, replicate=replicate)
    gone = Script(create=Fault(status=404, json={"detail": "gone"}))
    replicate.script.extend([gone] * 2)
    await create(world)
    assert "C1 · take 1" in said(world.last)
    assert [take.engine for take in (await kept(world))[1]] == [BANANA]
    assert await sums_of(world, 1) == {("images", BANANA): 1, ("spend", BANANA): PICTURE}
    replicate.script.extend([gone] * 2)
    google.script.append(Reply(fault=Fault(drop="before")))
    await world.ann.slash(world.channel, "character create", description="x")
    assert "The answer of Google Gemini was lost" in said(world.last)


# ── kills and cancels ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_kill_while_it_paints_is_told_and_only_retry_pays_again(world: World, google: GeminiStandIn) -> None:
    google.script.append(Reply(delay=30.0))
    await world.begun(create_by_ann(world))
    await until(lambda: google.calls == 1)
    await world.restart(kill=True)
    await over(world, 1)
    await failed(world, "The answer of Google Gemini was lost", "may have charged", state=JobState.UNCERTAIN)
    assert google.calls == 1
    await world.ann.click(world.last, label="Retry")
    assert "C1 · take 1" in said(world.last)
    assert google.calls == 2
    assert await world.net(2) == {"images": 1, "spend": PICTURE}


async def test_a_kill_between_the_picture_and_its_take_is_told_too(
    world: World, google: GeminiStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was made is with the process that is gone."""
    await create(world, engine=BANANA)
    painter: Any = world.app.tools.painters[Vendor.GEMINI]
    monkeypatch.setattr(painter._inner._shelf, "take", lambda id: None)
    await world.ann.slash(world.channel, "character create", description="x", engine=BANANA)
    assert "The answer of Google Gemini was lost" in said(world.last)
    assert (await world.job(2)).state is JobState.UNCERTAIN
    assert await world.books(2) == {"lost": PICTURE}, "it was made, and nobody is charged"
    assert google.calls == 2


async def test_a_cancel_while_it_paints_waits_for_what_is_paid_for(world: World, google: GeminiStandIn) -> None:
    google.script.append(Reply(delay=1.0))
    begun = await world.begun(create_by_ann(world), 0.3)
    await eventually(lambda: google.calls)
    await world.ann.slash(world.channel, "jobs cancel", ref="J1")
    assert "It was cancelled by" in said(reply(begun))
    assert (await world.job(1)).state is JobState.CANCELLED
    assert await world.net(1) == {"spend": PICTURE}
    assert google.calls == 1


async def test_a_cancel_after_a_kill_says_what_may_be_charged(world: World, google: GeminiStandIn) -> None:
    google.script.append(Reply(delay=30.0))
    await world.begun(create_by_ann(world))
    await until(lambda: google.calls == 1)
    await world._cut_off()
    tools = world.app.tools
    another_process = CharacterRunner(tools, Trace(on=False, config=tools.config))
    await another_process.close(await world.job(1), Stopped(by_id=world.ann.id))
    job = await world.job(1)
    assert (job.state, (job.error_facts or {})["vendor"]) == (JobState.CANCELLED, "gemini")


async def create_by_ann(world: World) -> Any:
    return await world.ann.slash(world.channel, "character create", description="a pilot", engine=BANANA)
