"""What is refused: before anything is stored, told to the asker alone, and not charged."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.backend.errors import SetupError

from mv.domain.usage import AllowanceKind
from tests.bot.conftest import MakeWorld
from tests.bot.world import World, reply, said
from tests.standins.replicate import ReplicateStandIn

SCENES: dict[str, Any] = {"idea": "x", "character": "y"}


async def refusal(who: MemberActor, world: World, command: str, **options: Any) -> str:
    result = await who.slash(world.channel, command, **options)
    assert result.ephemeral
    assert not result.deferred
    return said(result)


async def nothing_happened(world: World) -> bool:
    used = [await world.used(world.ann.id, kind) for kind in AllowanceKind]
    listed = said(await world.manager.slash(world.channel, "jobs list"))
    return used == [0, 0, 0] and "No jobs yet" in listed


async def test_unknown_names_are_answered_with_the_nearest(world: World) -> None:
    await world.ann.slash(world.channel, "project create", name="Spring tour")
    text = await refusal(world.ann, world, "scenes create", **SCENES, flavor="cinematc")
    assert "There is no flavor `cinematc`" in text
    assert "`cinematic`" in text
    assert "Nothing was charged" in text
    text = await refusal(world.ann, world, "character create", description="y", engine="flux-11-pro")
    assert "There is no engine" in text
    assert "`flux-1.1-pro`" in text
    text = await refusal(world.ann, world, "scenes create", **SCENES, project="Sprnig tour")
    assert "There is no project" in text
    assert "`Spring tour`" in text
    text = await refusal(world.ann, world, "character list", project="nope")
    assert "There is no project `nope`" in text
    assert await nothing_happened(world)


async def test_an_engine_that_makes_something_else_is_unknown_here(world: World) -> None:
    text = await refusal(world.ann, world, "character create", description="y", engine="gemini-2.5-pro")
    assert "There is no engine `gemini-2.5-pro`" in text
    assert "`imagen-4`" in text


NO_REFS = (" ", "C1", "SS1", "S", "S0", "-1", "S1.5", "²", "9" * 40, "S" + "9" * 12, "`x`\n@everyone")
REFS = ("S1", "s1", "1", "#1", " # 1 ", "S#1", "#s1", "\u0661")


async def test_refs_in_every_form_and_those_that_are_none(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", **SCENES, count=1)
    for ref in REFS:
        assert "S1 · version 1" in said(await world.ann.slash(world.channel, "scenes show", ref=ref))
    for ref in NO_REFS:
        assert "There is no scene list" in await refusal(world.ann, world, "scenes show", ref=ref)


TOO_MUCH: tuple[tuple[str, dict[str, Any]], ...] = (
    ("scenes create", {"idea": "x" * 2001, "character": "y"}),
    ("scenes create", {"idea": "x", "character": "y" * 1001}),
    ("scenes create", {**SCENES, "traits": "x" * 1001}),
    ("scenes create", {**SCENES, "count": 25}),
    ("scenes create", {**SCENES, "count": 0}),
    ("character create", {"description": "x" * 2001}),
    ("character create", {"description": "x", "images": 5}),
    ("character create", {"description": "x", "name": "n" * 81}),
    ("project create", {"name": "n" * 81}),
)


async def test_discord_itself_refuses_what_is_too_long_or_out_of_range(world: World) -> None:
    for command, options in TOO_MUCH:
        with pytest.raises(SetupError):
            await world.ann.slash(world.channel, command, **options)


async def test_texts_that_say_nothing(world: World) -> None:
    assert "The idea is empty" in await refusal(world.ann, world, "scenes create", idea="  ", character="y")
    assert "The character is empty" in await refusal(world.ann, world, "scenes create", idea="x", character="\0 ")
    assert "The description is empty" in await refusal(world.ann, world, "character create", description="\n")
    assert "The name is empty" in await refusal(world.ann, world, "project create", name=" ")
    assert await nothing_happened(world)


async def test_an_aspect_ratio_that_no_engine_takes(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    world = await make_world(replicate=replicate)
    text = await refusal(world.ann, world, "character create", description="y", aspect_ratio="7:5")
    assert "The aspect ratio `7:5` does not fit" in text
    assert "`16:9`" in text
    assert await nothing_happened(world)


async def test_an_aspect_ratio_that_is_none(world: World) -> None:
    for ratio in ("-", "1", "0:0", "x:y", "16:9; drop", "1e9:1", "²:1", "999:1", "1:2:3"):
        text = await refusal(world.ann, world, "character create", description="y", aspect_ratio=ratio)
        assert "does not fit" in text
    assert await nothing_happened(world)
    await world.ann.slash(world.channel, "character create", description="y", aspect_ratio=" 2 : 3 ")
    assert "C1 · take 1" in said(world.last)


async def test_a_vendor_without_a_key(make_world: MakeWorld, caplog: pytest.LogCaptureFixture) -> None:
    world = await make_world(stand_in=False)
    text = await refusal(world.ann, world, "scenes create", **SCENES)
    assert "Google Gemini is not set up" in text
    assert "An administrator must set" in text
    assert "GEMINI_API_KEY" in caplog.text
    text = await refusal(world.ann, world, "character create", description="y")
    assert "Replicate is not set up" in text
    assert "REPLICATE_API_TOKEN" in caplog.text
    assert await nothing_happened(world)


async def test_offline_engines_run_where_they_are_named_and_never_as_a_fall_back(make_world: MakeWorld) -> None:
    world = await make_world(stand_in=False)
    await world.ann.slash(world.channel, "character create", description="y", engine="offline-sheet")
    assert "C1 · take 1" in said(world.last)


async def test_missing_permissions_are_told_before_anything_is_stored(world: World) -> None:
    me = world.server.me
    assert me is not None
    for missing in ("view_channel", "send_messages", "embed_links", "attach_files"):
        deny = discord.PermissionOverwrite(**{missing: False})
        shut = world.server.create_text_channel("shut", overwrites={me: deny})
        for command, options in (("scenes create", SCENES), ("character create", {"description": "y"})):
            result = await world.ann.slash(shut, command, **options)
            assert result.ephemeral
            assert "I may not post here" in said(result)
            assert missing.replace("_", " ").title() in said(result)
    assert await nothing_happened(world)


async def test_a_private_job_needs_no_permission_to_post(world: World) -> None:
    me = world.server.me
    assert me is not None
    shut = world.server.create_text_channel("shut", overwrites={me: discord.PermissionOverwrite(send_messages=False)})
    result = await world.ann.slash(shut, "scenes create", **SCENES, count=1, private=True)
    assert "S1 · version 1" in said(result)


async def test_server_commands_do_not_exist_in_direct_messages(world: World) -> None:
    """But for those that share their group with one that does."""
    there = {"help", "usage me", "mydata export", "mydata forget"}
    shared = {"usage member": {"member": world.ann.user}, "usage server": {}, "usage ledger": {}}
    assert set(world.ann.user.available_commands()) == there | set(shared)
    for command, options in shared.items():
        assert "works in a server only" in said(await world.ann.user.slash(command, **options))


async def test_too_many_waiting(make_world: MakeWorld, configs_with: Any) -> None:
    configs = configs_with("limits.yaml", "waiting_per_member: 250", "waiting_per_member: 2")
    world = await make_world(pause=3600, configs=configs)
    for _ in range(2):
        await world.begun(world.ann.slash(world.channel, "scenes create", **SCENES))
    refused = await world.begun(world.ann.slash(world.channel, "scenes create", **SCENES))
    assert refused.ephemeral
    assert "You have 2 jobs waiting or running" in said(refused)
    assert await world.used(world.ann.id, AllowanceKind.SCENES) == 2
    assert not (await world.begun(world.bob.slash(world.channel, "scenes create", **SCENES))).ephemeral


async def test_money_is_spoken_of_only_where_some_could_be_spent(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    message = world.last
    for command, options in (
        ("scenes show", {"ref": "S9"}),
        ("jobs cancel", {"ref": "J1"}),
        ("jobs show", {"ref": "9"}),
    ):
        assert "charged" not in said(await world.ann.slash(world.channel, command, **options))
    assert "charged" not in said(await world.bob.click(message, label="Delete"))
    question = await world.ann.slash(world.channel, "scenes delete", ref="S1")
    await world.ann.click(reply(question), label="Delete S1")
    assert "Nothing was charged" in said(await world.ann.click(message, label="Again"))
    await world.ann.slash(world.channel, "character create", description="y")
    form = await world.ann.click(world.last, label="Use in scenes")
    assert "Nothing was charged" in said(await world.ann.submit_modal(form, {"idea": "x", "count": "99"}))
    assert "Nothing was charged" in said(
        await world.ann.slash(world.channel, "scenes create", idea="x", character="C9")
    )
