"""A form that is refused is offered again, with what was typed into it."""

from __future__ import annotations

from simcord.results import InteractionResult

from tests.bot.conftest import MakeWorld
from tests.bot.test_once import SCENES
from tests.bot.world import labels, reply, said
from tests.standins.gemini import GeminiStandIn, Reply


def values(result: InteractionResult) -> dict[str, str]:
    assert result.modal is not None
    fields = [row["component"] for row in result.modal["components"]]
    return {field["custom_id"]: field.get("value") or "" for field in fields}


async def test_a_form_that_is_refused_is_offered_again_with_its_text(make_world: MakeWorld) -> None:
    world = await make_world()
    await world.ann.slash(world.channel, "character create", description="a fox")
    shown = await world.ann.click(world.last, label="Use in scenes")
    typed = {"idea": "1. Rain *on* `tin`\n\n@everyone > dances \\o/", "count": "99", "style": "neon_noir"}
    refused = await world.ann.submit_modal(shown, typed)
    assert refused.ephemeral
    assert "The number of scenes must be from 1 to 24" in said(refused)
    assert labels(refused) == ["Change it"]
    await world.restart()
    again = await world.ann.click(reply(refused), label="Change it")
    assert values(again) == typed
    twice = await world.ann.submit_modal(again, {**typed, "count": "x"})
    again = await world.ann.click(reply(twice), label="Change it")
    assert values(again) == {**typed, "count": "x"}
    await world.ann.submit_modal(again, {**values(again), "count": "2"})
    assert "S1 · version 1" in said(world.last)
    assert (await world.job(2)).order["request"]["idea"] == typed["idea"]


async def test_an_edit_that_is_refused_keeps_what_was_edited(make_world: MakeWorld, google: GeminiStandIn) -> None:
    world = await make_world(google=google)
    google.script.append(Reply(block_reason="SAFETY", candidates=False))
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    shown = await world.ann.click(world.last, label="Edit and retry")
    await world.manager.slash(world.channel, "quota set", kind="scenes", limit=0.0, period="day", member=world.ann)
    refused = await world.ann.submit_modal(shown, {"idea": "A new idea", "character": "Mara"})
    assert "is not enough" in said(refused)
    await world.manager.slash(world.channel, "quota clear", member=world.ann)
    again = await world.ann.click(reply(refused), label="Change it")
    assert values(again) == {"idea": "A new idea", "character": "Mara"}
    await world.ann.submit_modal(again, values(again))
    assert "S1 · version 1" in said(world.last)
