"""A scene list changed: by the generator, whole or one scene, and by hand; every change is a version."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from mv.domain.actor import Actor
from mv.domain.ids import Kind, RecordId, Ref
from mv.domain.jobs import JobState
from mv.domain.scenes import Change, SceneVersion
from mv.domain.usage import AllowanceKind
from mv.ports import Seen
from tests.bot.conftest import MakeWorld
from tests.bot.test_forms import values
from tests.bot.world import World, labels, reply, said
from tests.standins.gemini import GeminiStandIn, Reply

SCENES: dict[str, Any] = {"idea": "A wolf in the subway", "character": "y", "count": 4}


@pytest.fixture
async def world(make_world: MakeWorld, google: GeminiStandIn) -> World:
    world = await make_world(google=google)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    return world


async def version(world: World, number: int | None = None, of: int = 1) -> SceneVersion:
    async with world.app.tools.records.read() as tx:
        seen = Seen(server_id=(await world.job(1)).server_id, member_id=(await world.job(1)).member_id)
        record = await tx.scenes.find(seen, Ref(Kind.SCENE_LIST, of))
        assert record is not None
        found = await tx.scenes.version(record.id, number or record.versions)
    assert found is not None
    return found


async def revise(world: World, **options: Any) -> None:
    await world.bob.slash(world.channel, "scenes revise", **{"ref": "s1", "instructions": "More rain", **options})


def prompt(google: GeminiStandIn) -> str:
    return str(google.requests[-1]["contents"][0]["parts"][0]["text"])


async def test_the_whole_list_is_revised_by_any_member(world: World, google: GeminiStandIn) -> None:
    google.script.append(Reply(change={"lighting": "rain on glass"}))
    await revise(world)
    text = said(world.last)
    assert "S1 · version 2" in text
    assert "Revised" in text
    assert "More rain" in text
    assert "an empty street" in prompt(google), "what is there is shown to the model"
    assert "More rain" in prompt(google)
    one, two = await version(world, 1), await version(world, 2)
    assert (two.change, two.based_on, two.scene, two.instruction) == (Change.REVISE, 1, None, "More rain")
    assert (two.author_id, two.job_id) == (world.bob.id, (await world.job(2)).id)
    assert {scene.lighting for scene in two.draft.scenes} == {"rain on glass"}
    assert {scene.lighting for scene in one.draft.scenes} == {"neon from the left"}
    assert await world.used(world.bob.id, AllowanceKind.SCENES) == 1
    assert two.cost == (await world.job(2)).cost


async def test_one_scene_is_revised_and_the_others_stay_word_for_word(world: World, google: GeminiStandIn) -> None:
    google.script.append(Reply(change={"title": "Flood", "description": "Water everywhere."}))
    await revise(world, scene=3)
    before, after = (await version(world, 1)).draft, (await version(world, 2)).draft
    assert after.scenes[:2] + after.scenes[3:] == before.scenes[:2] + before.scenes[3:]
    assert after.scenes[2].title == "Flood"
    assert (after.title, after.logline, after.palette) == (before.title, before.logline, before.palette)
    asked = prompt(google)
    assert "Scene 3 of it is to be revised" in asked
    for neighbour in (2, 3, 4):
        assert f"Shot {neighbour} of" in asked
    assert "Shot 1 of" not in asked
    assert "Scene 3 revised" in said(world.last)


async def test_an_answer_with_more_scenes_is_kept_where_the_whole_list_is_revised(
    world: World, google: GeminiStandIn
) -> None:
    google.script.append(Reply(scenes=6))
    await revise(world, instructions="Two more at the end")
    assert len((await version(world)).draft.scenes) == 6
    google.script.append(Reply(scenes=40))
    await revise(world, instructions="Far too many")
    assert len((await version(world)).draft.scenes) == 24
    google.script.append(Reply(scenes=1))
    await revise(world, instructions="Only one")
    assert len((await version(world)).draft.scenes) == 1


async def test_of_several_answers_for_one_scene_the_first_is_taken(world: World, google: GeminiStandIn) -> None:
    google.script.append(Reply(scenes=5))
    await revise(world, scene=2)
    assert len((await version(world)).draft.scenes) == 4
    assert (await version(world)).draft.scenes[1].title == "Scene 1"


@pytest.mark.parametrize("scene", [None, 2])
async def test_what_is_missing_is_asked_for_once_more(world: World, google: GeminiStandIn, scene: int | None) -> None:
    options = {"scene": scene} if scene else {}
    google.script.extend([Reply(text="no json"), Reply(change={"mood": "wet"})])
    await revise(world, **options)
    made = await version(world, 2)
    assert "asked_again" in made.notes
    assert [s.mood for s in made.draft.scenes].count("wet") == (1 if scene else 4)
    google.script.extend([Reply(text="no json"), Reply(text="still none")])
    await revise(world, **options)
    assert "could not be read" in said(world.last)
    assert (await world.job(3)).state is JobState.FAILED
    assert await world.used(world.bob.id, AllowanceKind.SCENES) == 1
    assert (await version(world)).number == 2


async def test_a_broken_scene_of_a_revised_list_is_asked_for_with_the_change(
    world: World, google: GeminiStandIn
) -> None:
    whole = (await version(world)).draft.model_dump(mode="json")
    broken = {**whole, "scenes": [*whole["scenes"][:3], {"title": "no description"}]}
    google.script.extend([Reply(payload=broken), Reply(scenes=1, change={"title": "Mended"})])
    await revise(world)
    assert [s.title for s in (await version(world)).draft.scenes] == ["Scene 1", "Scene 2", "Scene 3", "Mended"]
    assert "More rain" in prompt(google)
    assert whole["scenes"][3]["description"] in prompt(google)


async def test_the_button_opens_a_form_also_after_a_restart(world: World, google: GeminiStandIn) -> None:
    message = world.last
    await world.restart()
    shown = await world.bob.click(message, label="Revise")
    assert values(shown) == {"instructions": "", "scene": ""}
    google.script.append(Reply(change={"title": "Flood"}))
    await world.bob.submit_modal(shown, {"instructions": "More rain", "scene": " 4 "})
    assert "S1 · version 2" in said(world.last)
    assert [s.title for s in (await version(world)).draft.scenes][3] == "Flood"
    assert "S1 · version 1" in said(message), "an old message keeps showing its version"


async def test_the_button_of_an_old_version_revises_that_version(world: World, google: GeminiStandIn) -> None:
    first = world.last
    google.script.append(Reply(change={"mood": "second"}))
    await revise(world)
    shown = await world.ann.click(first, label="Revise")
    google.script.append(Reply(scenes=1, change={"title": "Third"}))
    await world.ann.submit_modal(shown, {"instructions": "x", "scene": "1"})
    third = await version(world, 3)
    assert third.based_on == 1
    assert {scene.mood for scene in third.draft.scenes} == {"restless"}
    assert "revised from version 1" in said(world.last)
    assert "meanwhile" not in said(world.last), "version 2 was there when it was asked for"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"instructions": "x", "scene": "9"}, "must be from 1 to 4"),
        ({"instructions": "x", "scene": "0"}, "must be from 1 to 4"),
        ({"instructions": "x", "scene": "one"}, "must be from 1 to 24"),
        ({"instructions": "x", "scene": "²"}, "must be from 1 to 24"),
        ({"instructions": " \u200b ", "scene": ""}, "is empty"),
    ],
)
async def test_a_form_that_is_refused_keeps_its_text(world: World, typed: dict[str, str], words: str) -> None:
    shown = await world.bob.click(world.last, label="Revise")
    refused = await world.bob.submit_modal(shown, typed)
    assert refused.ephemeral
    assert words in said(refused)
    again = await world.bob.click(reply(refused), label="Change it")
    assert values(again)["scene"] == typed["scene"].strip()
    await world.bob.submit_modal(again, {"instructions": "More rain", "scene": "2"})
    assert "Scene 2 revised" in said(world.last)


async def test_edit_and_retry_opens_the_form_with_the_instructions(world: World, google: GeminiStandIn) -> None:
    google.script.append(Reply(block_reason="SAFETY", candidates=False))
    await revise(world, instructions="Something bad", scene=2)
    assert labels(world.last) == ["Edit and retry"]
    shown = await world.bob.click(world.last, label="Edit and retry")
    assert values(shown) == {"instructions": "Something bad", "scene": "2"}
    await world.bob.submit_modal(shown, {"instructions": "Something good", "scene": "2"})
    assert "Something good" in said(world.last)
    assert (await version(world)).based_on == 1


async def test_again_on_a_revision_asks_for_the_same_change_of_the_same_version(
    world: World, google: GeminiStandIn
) -> None:
    await revise(world, scene=2)
    asked = prompt(google)
    await world.ann.click(world.last, label="Again")
    assert prompt(google) == asked
    third = await version(world, 3)
    assert (third.change, third.based_on, third.scene, third.instruction) == (Change.REVISE, 1, 2, "More rain")


async def test_two_at_once_are_both_kept_and_the_second_is_told_and_shown_the_first(
    world: World, google: GeminiStandIn
) -> None:
    google.script.extend([Reply(delay=4.0, change={"mood": "slow"}), Reply(delay=2.0, change={"mood": "quick"})])
    acts = [world.ann.slash, world.bob.slash]
    await world.begun(acts[0](world.channel, "scenes revise", ref="S1", instructions="one"), 0.2)
    await world.begun(acts[1](world.channel, "scenes revise", ref="S1", instructions="two"), 0.1)
    await world.env.settle(timeout=20)
    two, three = await version(world, 2), await version(world, 3)
    assert {two.instruction, three.instruction} == {"one", "two"}
    assert (two.based_on, three.based_on) == (1, 1)
    told = next(m for m in world.channel.history() if "S1 · version 3" in said(m))
    assert f"<@{two.author_id}> made version 2 meanwhile" in said(told)
    assert "Both are kept" in said(told)
    shown = await world.bob.click(told, label="Version 2")
    assert shown.ephemeral
    assert "S1 · version 2" in said(shown)


async def test_a_list_that_is_deleted_while_it_is_revised(make_world: MakeWorld) -> None:
    world = await make_world()
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    await world.restart(pause=3600)
    await world.begun(world.bob.slash(world.channel, "scenes revise", ref="S1", instructions="x"))
    question = await world.begun(world.ann.slash(world.channel, "scenes delete", ref="S1"))
    await world.begun(world.ann.click(reply(question), label="Delete S1"))
    await world.restart(kill=True, pause=0)
    assert "There is no scene list here any more" in said(world.last)
    assert await world.used(world.bob.id, AllowanceKind.SCENES) == 0
    late = await world.bob.slash(world.channel, "scenes revise", ref="S1", instructions="x")
    assert "There is no scene list" in said(late)


async def test_what_others_may_not_see_does_not_exist(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", **SCENES, private=True)
    for command, options in (
        ("revise", {"instructions": "x"}),
        ("edit", {"scene": 1}),
        ("insert", {"after": 0}),
        ("move", {"scene": 1, "to": 2}),
        ("remove", {"scene": 1}),
        ("history", {}),
        ("compare", {"from": 1, "to": 1}),
        ("restore", {"version": 1}),
    ):
        for who, channel, ref in ((world.bob, world.channel, "S2"), (world.stranger, world.far, "S1")):
            refused = await who.slash(channel, f"scenes {command}", ref=ref, **options)
            assert "There is no scene list" in said(refused), command
            assert refused.ephemeral
    assert (await version(world)).number == 1


async def test_a_private_list_is_revised_in_private(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", **SCENES, private=True)
    before = world.last.id
    revised = await world.ann.slash(world.channel, "scenes revise", ref="S2", instructions="x")
    assert revised.ephemeral
    moved = await world.ann.slash(world.channel, "scenes move", ref="S2", scene=1, to=2)
    assert moved.ephemeral
    assert world.last.id == before


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_scene_is_edited_in_a_form_without_any_vendor(world: World, google: GeminiStandIn) -> None:
    shown = await world.bob.slash(world.channel, "scenes edit", ref="S1", scene=2)
    typed = values(shown)
    assert typed["title"] == "Scene 2"
    assert "Lighting: neon from the left" in typed["details"].splitlines()
    assert "Seconds: 4.5" in typed["details"].splitlines()
    details = typed["details"].replace("Shot size: CU", "shot size: wide").replace("MS", "wide").replace("WS", "wide")
    calls = google.calls
    sent = await world.bob.submit_modal(shown, {**typed, "title": "@everyone **Rain**", "details": details})
    assert not sent.ephemeral
    assert "Scene 2 edited by hand" in said(sent)
    assert google.calls == calls
    before, after = (await version(world, 1)).draft, await version(world, 2)
    assert after.draft.scenes[1].title == "@everyone **Rain**"
    assert after.draft.scenes[::2] == before.scenes[::2]
    assert (after.change, after.based_on, after.scene, after.cost) == (Change.EDIT, 1, 2, 0)
    assert (after.author_id, after.job_id) == (world.bob.id, None)
    assert await world.used(world.bob.id, AllowanceKind.SCENES) == 0


async def test_an_edit_that_changes_nothing_makes_no_version(world: World) -> None:
    shown = await world.bob.slash(world.channel, "scenes edit", ref="S1", scene=1)
    refused = await world.bob.submit_modal(shown, values(shown))
    assert "no version was made" in said(refused)
    assert (await version(world)).number == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": " "}, "is empty"),
        ({"details": "Lighting: neon\nNonsense"}, "does not fit"),
        ({"details": "Shot size: sideways\nSeconds: 4"}, "does not fit"),
        ({"details": "Shot size: CU\nSeconds: forever"}, "a number of seconds from 0.1 to 600"),
        ({"details": "Shot size: CU\nSeconds: 4\nMood: " + "m" * 301}, "may have 300 characters"),
    ],
)
async def test_an_edit_that_is_refused_keeps_its_text(world: World, change: dict[str, str], words: str) -> None:
    shown = await world.bob.slash(world.channel, "scenes edit", ref="S1", scene=1)
    typed = {**values(shown), **change}
    refused = await world.bob.submit_modal(shown, typed)
    assert words in said(refused)
    await world.restart()
    again = await world.bob.click(reply(refused), label="Change it")
    assert values(again)["details"] == typed["details"]
    mended = {**typed, "title": "Mended", "details": "Shot size: CU\nSeconds: 3"}
    await world.bob.submit_modal(again, mended)
    assert (await version(world)).draft.scenes[0].title == "Mended"


async def test_a_form_that_comes_back_unchanged_makes_no_version(world: World) -> None:
    scene = (await version(world)).draft.scenes[1]
    odd = scene.model_copy(update={"duration_seconds": 4.333333, "mood": "calm\n\nthen not", "title": " Two  words "})
    async with world.app.tools.records.write() as tx:
        found = await tx.scenes.version_of_job((await world.job(1)).id)
        assert found is not None
        base = await tx.scenes.version(*found)
        assert base is not None
        scenes = (base.draft.scenes[0], odd, *base.draft.scenes[2:])
        draft = base.draft.model_copy(update={"scenes": scenes})
        await tx.scenes.add_version(found[0], replace(base, number=2, job_id=None, draft=draft))
    shown = await world.bob.slash(world.channel, "scenes edit", ref="S1", scene=2)
    assert "no version was made" in said(await world.bob.submit_modal(shown, values(shown)))
    shown = await world.bob.slash(world.channel, "scenes edit", ref="S1", scene=2)
    await world.bob.submit_modal(shown, {**values(shown), "action": "Jumps."})
    assert (await version(world)).draft.scenes[1] == odd.model_copy(update={"action": "Jumps."})


async def test_what_was_inserted_at_the_end_is_shown(make_world: MakeWorld) -> None:
    world = await make_world()
    await world.ann.slash(world.channel, "scenes create", **{**SCENES, "count": 20})
    shown = await world.bob.slash(world.channel, "scenes insert", ref="S1", after=20)
    await world.bob.submit_modal(shown, {**values(shown), "title": "The very last", "description": "A door."})
    assert "The very last" in said(world.last), "not the first page"
    shown = await world.bob.slash(world.channel, "scenes history", ref="S1")
    assert "scene 21 inserted" in said(shown)


async def test_insert_move_and_remove(world: World) -> None:
    shown = await world.bob.slash(world.channel, "scenes insert", ref="S1", after=1)
    assert values(shown)["title"] == ""
    await world.bob.submit_modal(shown, {**values(shown), "title": "Between", "description": "A door."})
    assert [s.title for s in (await version(world)).draft.scenes][:3] == ["Scene 1", "Between", "Scene 2"]
    shown = await world.bob.slash(world.channel, "scenes insert", ref="S1", after=0)
    await world.bob.submit_modal(shown, {**values(shown), "title": "First", "description": "A door."})
    moved = await world.bob.slash(world.channel, "scenes move", ref="S1", scene=1, to=6)
    assert not moved.ephemeral
    assert [s.title for s in (await version(world)).draft.scenes][-1] == "First"
    await world.bob.slash(world.channel, "scenes remove", ref="S1", scene=2)
    assert [s.title for s in (await version(world)).draft.scenes] == [
        "Scene 1",
        "Scene 2",
        "Scene 3",
        "Scene 4",
        "First",
    ]
    made = [await version(world, number) for number in range(1, 6)]
    assert [v.change for v in made[1:]] == [Change.INSERT, Change.INSERT, Change.MOVE, Change.REMOVE]
    for command, options, words in (
        ("move", {"scene": 3, "to": 3}, "no version was made"),
        ("move", {"scene": 9, "to": 1}, "must be from 1 to 5"),
        ("move", {"scene": 1, "to": 9}, "must be from 1 to 5"),
        ("remove", {"scene": 9}, "must be from 1 to 5"),
        ("edit", {"scene": 9}, "must be from 1 to 5"),
        ("insert", {"after": 9}, "must be from 0 to 5"),
    ):
        assert words in said(await world.bob.slash(world.channel, f"scenes {command}", ref="S1", **options))


async def test_a_full_list_and_the_last_scene(world: World, google: GeminiStandIn) -> None:
    await world.ann.slash(world.channel, "scenes create", idea="x", character="y", count=24)
    assert "24 scenes at most" in said(await world.ann.slash(world.channel, "scenes insert", ref="S2", after=3))
    await world.ann.slash(world.channel, "scenes create", idea="x", character="y", count=1)
    assert "keeps at least one scene" in said(await world.ann.slash(world.channel, "scenes remove", ref="S3", scene=1))


async def test_two_forms_opened_on_one_version_are_both_kept(world: World) -> None:
    ann = await world.ann.slash(world.channel, "scenes edit", ref="S1", scene=1)
    bob = await world.bob.slash(world.channel, "scenes edit", ref="S1", scene=2)
    await world.ann.submit_modal(ann, {**values(ann), "title": "Ann's"})
    second = await world.bob.submit_modal(bob, {**values(bob), "title": "Bob's"})
    assert f"<@{world.ann.id}> made version 2 meanwhile (1 scene changed (title))" in said(second)
    assert "Version 2" in labels(second)
    assert (await version(world, 2)).draft.scenes[0].title == "Ann's"
    assert [s.title for s in (await version(world, 3)).draft.scenes][:2] == ["Scene 1", "Bob's"]


async def test_many_changes_at_once_are_all_kept(world: World) -> None:
    edits, actor = world.app.scene_edits, await _actor(world)
    record = await _record(world)
    typed = {"title": "x", "description": "y", "shot_size": "CU", "duration_seconds": "3"}
    await asyncio.gather(*(edits.edit(actor, record, 1, 1, {**typed, "title": f"T{n}"}) for n in range(20)))
    titles = {(await version(world, number)).draft.scenes[0].title for number in range(2, 22)}
    assert titles == {f"T{n}" for n in range(20)}


# ── history ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_history_compare_and_restore(world: World, google: GeminiStandIn) -> None:
    google.script.append(Reply(scenes=1, change={"title": "Flood", "lighting": "grey"}))
    await revise(world, scene=2)
    await world.ann.slash(world.channel, "scenes move", ref="S1", scene=4, to=1)
    listed = await world.bob.slash(world.channel, "scenes history", ref="1")
    assert listed.ephemeral
    text = said(listed)
    assert "**Version 3** · a scene moved" in text
    assert "1 moved" in text
    assert "**Version 2** · scene 2 revised" in text
    assert "1 scene changed (title, description, action" in text or "1 scene changed (title" in text
    assert "More rain" in text
    assert "**Version 1** · made" in text
    compared = await world.bob.slash(world.channel, "scenes compare", ref="S1", **{"from": 1, "to": 3})
    assert compared.ephemeral
    assert "Moved from place 4 to 1" in said(compared)
    assert "**Title** · ~~Scene 2~~ → Flood" in said(compared)
    assert labels(compared) == ["Version 1", "Version 3", "Restore version 1"]
    restored = await world.bob.click(reply(compared), label="Restore version 1")
    assert not restored.ephemeral
    assert "restored from version 1" in said(restored).casefold()
    assert (await version(world, 4)).draft == (await version(world, 1)).draft
    assert (await version(world, 4)).change is Change.RESTORE
    assert "no version was made" in said(await world.bob.click(reply(compared), label="Restore version 1"))
    for number, words in ((1, "no version was made"), (4, "no version was made"), (9, "has no version")):
        assert words in said(await world.bob.slash(world.channel, "scenes restore", ref="S1", version=number))
    await world.bob.slash(world.channel, "scenes restore", ref="S1", version=2)
    assert (await version(world, 5)).draft == (await version(world, 2)).draft
    shown = await world.bob.slash(world.channel, "scenes show", ref="S1", version=2)
    assert "Restore version 2" in labels(shown)


async def test_a_thousand_versions(world: World) -> None:
    edits, actor = world.app.scene_edits, await _actor(world)
    for number in range(1, 1000):
        await edits.move(actor, "S1", 1, 4 if number % 2 else 3)
    assert (await version(world)).number == 1000
    listed = await world.ann.slash(world.channel, "scenes history", ref="S1")
    assert "**Version 1000**" in said(listed)
    assert "**Version 995**" in said(listed)
    await world.ann.click(reply(listed), label="Older")
    assert "**Version 994**" in said(reply(listed))
    await world.restart()
    await world.ann.click(reply(listed), label="Older")
    assert "**Version 988**" in said(reply(listed))
    await world.ann.click(reply(listed), label="Newest")
    assert "**Version 1000**" in said(reply(listed))
    assert "S1 · version 1" in said(await world.ann.slash(world.channel, "scenes show", ref="S1", version=1))
    await world.app.scene_edits.restore_by_id(actor, await _record(world), 1)
    assert (await version(world)).number == 1001


async def test_the_files_say_the_version(world: World) -> None:
    await world.bob.slash(world.channel, "scenes move", ref="S1", scene=1, to=2)
    (file,) = [a for a in world.last.attachments if a.filename == "scenes.json"]
    data = json.loads(await file.read())
    assert (data["version"], data["cost"], data["usage"]["prompt_tokens"]) == (2, 0, 0)
    assert [scene["number"] for scene in data["scenes"]] == [1, 2, 3, 4]
    assert data["scenes"][0]["title"] == "Scene 2"


async def _actor(world: World) -> Actor:
    job = await world.job(1)
    return Actor(member_id=job.member_id, server_id=job.server_id, channel_id=job.reply.channel_id)


async def _record(world: World) -> RecordId:
    record = (await world.job(1)).record_id
    assert record is not None
    return record
