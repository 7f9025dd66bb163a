"""/settings: what managers set, what members then meet, and channels and servers that come and go."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.backend.errors import SetupError

from mv.domain.ids import Kind, MemberId, Ref, ServerId
from mv.domain.settings import Option
from mv.domain.usage import AllowanceKind
from mv.errors import StorageFull
from mv.ports import Seen
from tests.bot.conftest import MakeWorld
from tests.bot.test_once import SCENES
from tests.bot.world import World, labels, reply, said

NASTY = ("@everyone", "**`x`** <@1>", "\ud800 half", "a\0b", "x" * 6000, "' OR 1=1 --", "P999", "p0", "  ")


async def put(world: World, who: MemberActor | None = None, **options: Any) -> str:
    answer = await (who or world.manager).slash(world.channel, "settings set", **options)
    assert answer.ephemeral
    return said(answer)


async def made(world: World, number: int, kind: Kind = Kind.SCENE_LIST) -> Any:
    """The record, and for a scene list its first version."""
    seen = Seen(server_id=ServerId(world.server.id), member_id=MemberId(world.ann.id))
    async with world.app.tools.records.read() as tx:
        if kind is Kind.CHARACTER:
            return await tx.characters.find(seen, Ref(kind, number))
        record = await tx.scenes.find(seen, Ref(kind, number))
        assert record is not None
        return record, await tx.scenes.version(record.id, 1)


async def test_only_managers_see_and_change_them(world: World) -> None:
    with pytest.raises(SetupError):
        await world.ann.slash(world.channel, "settings show")
    (command,) = [c for c in await world.bot.tree.fetch_commands() if c.name == "settings"]
    world.server.set_command_permissions(command, {world.ann: True})
    for answer in (
        await world.ann.slash(world.channel, "settings show"),
        await world.ann.slash(world.channel, "settings set", keep_jobs_days=1),
    ):
        assert answer.ephemeral
        assert "Only members with Manage Server may do this" in said(answer)
    shown = await world.manager.slash(world.channel, "settings show")
    assert shown.ephemeral
    for text in ("No default project", "In every channel", "Jobs · for ever", "What is deleted · 24 hours"):
        assert text in said(shown)
    assert "last changed" not in said(shown)


async def test_what_is_set_is_shown_and_outlives_a_restart(world: World) -> None:
    await world.ann.slash(world.channel, "project create", name="Spring *tour*")
    quiet = world.server.create_text_channel("quiet")
    text = await put(
        world, project="spring *tour*", flavor="CINEMATIC", allow_channel=world.channel, keep_jobs_days=90,
        keep_takes_days=1, keep_deleted_days=7,
    )  # fmt: skip
    await put(world, flavor="lofi_animation", channel=quiet)
    for said_now in (text, said(await world.manager.slash(world.channel, "settings show"))):
        assert "The whole server · project P1 Spring \\*tour\\*" in said_now
        assert "The whole server · flavor cinematic" in said_now
        assert f"Only in <#{world.channel.id}>" in said_now
        assert "Jobs · 90 days after their end" in said_now
        assert "Pictures of characters · 1 day but for" in said_now
        assert "What is deleted · 7 days" in said_now
        assert f"last changed by <@{world.manager.id}>" in said_now
    await world.restart()
    assert f"<#{quiet.id}> · flavor lofi\\_animation" in said(await world.manager.slash(world.channel, "settings show"))


async def test_defaults_apply_where_the_member_gave_none(world: World) -> None:
    for name in ("Spring", "Autumn"):
        await world.ann.slash(world.channel, "project create", name=name)
    await put(world, project="P1", flavor="cinematic")
    await put(world, project="Autumn", channel=world.channel)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    record, version = await made(world, 1)
    assert str(record.project_ref) == "P2"
    assert version.brief.flavor == "cinematic"
    assert (version.defaults_applied["flavor"], version.defaults_applied["project"]) == ("cinematic", "P2")
    assert not {"flavor", "project"} & set(version.request), "as the member typed it"
    await world.ann.slash(world.channel, "character create", description="y", images=1)
    figure = await made(world, 1, Kind.CHARACTER)
    assert (figure.flavor, str(figure.project_ref)) == ("cinematic", "P2")
    assert (figure.defaults_applied["flavor"], figure.defaults_applied["project"]) == ("cinematic", "P2")
    await world.ann.slash(world.channel, "scenes create", **SCENES, flavor="default", project="P1")
    record, version = await made(world, 2)
    assert (str(record.project_ref), version.brief.flavor) == ("P1", "default")
    assert not {"flavor", "project"} & set(version.defaults_applied)
    other = world.server.create_text_channel("other")
    await world.ann.slash(other, "scenes create", **SCENES)
    record, _ = await made(world, 3)
    assert str(record.project_ref) == "P1", "the server's, elsewhere"


async def test_a_thread_counts_as_its_channel_unless_it_has_its_own(world: World) -> None:
    opened = world.env.backend.create_thread(world.channel.id, "a thread", owner_id=world.ann.id)
    (thread,) = world.channel.threads
    assert opened.id == thread.id
    await put(world, flavor="cinematic", channel=world.channel)
    await world.ann.slash(thread, "scenes create", **SCENES)
    assert (await made(world, 1))[1].brief.flavor == "cinematic"
    await put(world, flavor="lofi_animation", channel=thread)
    await world.ann.slash(thread, "scenes create", **SCENES)
    assert (await made(world, 2))[1].brief.flavor == "lofi_animation"
    await put(world, flavor="none", channel=thread)
    await world.ann.slash(thread, "scenes create", **SCENES)
    assert (await made(world, 3))[1].brief.flavor == "cinematic"
    await put(world, allow_channel=world.channel)
    await world.ann.slash(thread, "scenes create", **SCENES)
    await put(world, disallow_channel=thread)
    assert "Nothing is made in this channel" in said(await world.ann.slash(thread, "scenes create", **SCENES))


async def test_a_channel_that_was_deleted_while_nobody_listened(world: World) -> None:
    """The only one where something may be made; a thread that is merely archived stays."""
    quiet, busy = [world.server.create_text_channel(name) for name in ("quiet", "busy")]
    await put(world, allow_channel=quiet)
    await put(world, flavor="cinematic", channel=busy)
    assert "Nothing is made in this channel" in said(await world.ann.slash(world.channel, "scenes create", **SCENES))
    backend: Any = world.env.backend
    emit, backend.emit = backend.emit, lambda event, payload: None
    backend.delete_channel(quiet.id)
    backend.emit = emit
    await world.restart()
    await world.env.settle()
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "S1 · version 1" in said(world.last)
    assert "flavor cinematic" in said(await world.manager.slash(world.channel, "settings show"))


async def test_a_default_that_is_not_there_any_more_is_left_out(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await world.ann.slash(world.channel, "project create", name="Spring")
    await put(world, project="P1", flavor="cinematic")
    async with world.app.tools.records.write() as tx:
        project = await tx.projects.find(ServerId(world.server.id), Ref(Kind.PROJECT, 1))
        assert project is not None
        connection = tx._connection  # type: ignore[attr-defined]
        await connection.exec_driver_sql("UPDATE projects SET archived_at = created_at")
        await connection.exec_driver_sql("UPDATE settings SET value = '\"gone\"' WHERE name = 'flavor'")
    await world.restart()
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    record, version = await made(world, 1)
    assert (record.project_ref, version.brief.flavor) == (None, "default")
    assert "its default flavor is not in configs/ any more" in caplog.text
    assert "its default project P1 is archived or gone" in caplog.text
    text = said(await world.manager.slash(world.channel, "settings show"))
    assert "project P1 (archived, so left out)" in text
    assert "flavor gone (not there any more, so left out)" in text


async def test_nothing_is_made_where_it_may_not(world: World) -> None:
    studio, lounge = (world.server.create_text_channel(name) for name in ("studio", "lounge"))
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    message = world.last
    await world.ann.slash(world.channel, "character create", description="kept")
    await put(world, allow_channel=studio)
    before = await world.used(world.ann.id, AllowanceKind.SCENES)
    for refused in (
        await world.ann.slash(world.channel, "scenes create", **SCENES),
        await world.ann.slash(lounge, "character create", description="y"),
        await world.ann.slash(lounge, "character create", description="kept"),  # the library does not answer either
        await world.ann.click(message, label="Again"),
        await world.manager.slash(lounge, "scenes create", **SCENES, private=True),
    ):
        assert refused.ephemeral
        assert f"Nothing is made in this channel.\n\nUse <#{studio.id}>." in said(refused)
        assert "Nothing was charged" in said(refused)
    assert await world.used(world.ann.id, AllowanceKind.SCENES) == before
    await world.ann.slash(studio, "scenes create", **SCENES)
    await made(world, 2)
    for allowed in ("scenes list", "scenes show"):
        shown = await world.ann.slash(lounge, allowed, **({"ref": "S1"} if "show" in allowed else {}))
        assert "S1" in said(shown)


async def test_a_channel_is_disallowed_and_allowed_again(world: World) -> None:
    lounge = world.server.create_text_channel("lounge")
    assert f"Everywhere but in <#{lounge.id}>" in await put(world, disallow_channel=lounge)
    refused = said(await world.ann.slash(lounge, "scenes create", **SCENES))
    assert "Use another channel" in refused
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    await made(world, 1)
    assert "In every channel" in await put(world, allow_channel=lounge)
    await world.ann.slash(lounge, "scenes create", **SCENES)
    await made(world, 2)
    assert f"Only in <#{lounge.id}>" in await put(world, allow_channel=lounge)
    assert f"Everywhere but in <#{lounge.id}>" in await put(world, disallow_channel=lounge)
    swapped = await put(world, allow_channel=lounge, disallow_channel=world.channel)
    assert f"Everywhere but in <#{world.channel.id}>" in swapped
    both = await put(world, allow_channel=lounge)
    assert f"Only in <#{lounge.id}>" in both
    assert f"Not in <#{world.channel.id}>" in both


async def test_a_channel_that_is_deleted_takes_its_settings_along(world: World) -> None:
    studio = world.server.create_text_channel("studio")
    await put(world, allow_channel=studio, flavor="cinematic", channel=studio)
    world.env.backend.delete_channel(studio.id)
    await world.env.settle()
    text = said(await world.manager.slash(world.channel, "settings show"))
    assert "In every channel" in text
    assert str(studio.id) not in text


async def test_each_is_taken_away_again(world: World) -> None:
    await world.ann.slash(world.channel, "project create", name="Spring")
    await put(world, project="P1", flavor="cinematic", keep_jobs_days=5, keep_takes_days=5, keep_deleted_days=5)
    text = await put(world, project="None", flavor=" none ", keep_jobs_days=0, keep_takes_days=0, keep_deleted_days=0)
    assert "No default project" in text
    assert text.count("for ever") == 2
    assert "24 hours" in text
    async with world.app.tools.records.read() as tx:
        assert await tx.settings.of(ServerId(world.server.id)) == ()


async def test_what_does_not_fit_is_refused_whole(world: World) -> None:
    assert "Nothing was named to set" in await put(world)
    assert "`channel` says where a `project` or a `flavor` applies" in await put(world, channel=world.channel)
    assert "does not fit" in await put(world, allow_channel=world.channel, disallow_channel=world.channel)
    assert "Nearest: `cinematic`" in await put(world, flavor="cinematik", keep_jobs_days=3)
    await world.ann.slash(world.channel, "project create", name="Spring")
    assert "Nearest: `Spring`" in await put(world, project="Sprong", flavor="cinematic")
    for text in NASTY:
        for option in ("project", "flavor"):
            refused = await put(world, None, **{option: text})
            assert "There is no" in refused or "is empty" in refused
    assert "No default project" in said(await world.manager.slash(world.channel, "settings show"))


async def test_one_server_says_nothing_to_another(world: World) -> None:
    await world.ann.slash(world.channel, "project create", name="Spring")
    await put(world, project="P1", flavor="cinematic", keep_jobs_days=9)
    far = await world.stranger.slash(world.far, "settings show")
    assert "No default project" in said(far)
    assert "There is no project" in said(await world.stranger.slash(world.far, "settings set", project="P1"))
    await world.stranger.slash(world.far, "scenes create", **SCENES)
    async with world.app.tools.records.read() as tx:
        job = await tx.jobs.find(ServerId(world.elsewhere.id), Ref(Kind.JOB, 1))
    assert job is not None
    assert job.order["brief"]["flavor"] == "default"


async def test_two_managers_at_once(world: World) -> None:
    acts = [partial(world.manager.slash, world.channel, "settings set", keep_jobs_days=n) for n in range(1, 9)]
    await world.at_once(acts)
    async with world.app.tools.records.read() as tx:
        (row,) = await tx.settings.of(ServerId(world.server.id))
    days = await world.app.tools.preferences.days(ServerId(world.server.id))
    assert days[Option.KEEP_JOBS] == row.value


async def test_what_is_offered(world: World) -> None:
    await world.ann.slash(world.channel, "project create", name="Spring")
    offered = await world.manager.autocomplete(world.channel, "settings set", "project", "")
    assert [choice["value"] for choice in offered] == ["P1", "none"]
    flavors = await world.manager.autocomplete(world.channel, "settings set", "flavor", "n")
    assert "none" in [choice["value"] for choice in flavors]


async def test_buttons_in_a_direct_message_know_no_channels(make_world: MakeWorld) -> None:
    world = await make_world()
    world.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=404, code=10015)
    world.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50001)
    world.env.inject_error("POST", f"/channels/{world.channel.id}/messages", status=403, code=50001)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    message = world.ann.user.dm_channel.last_message
    assert message is not None
    await put(world, allow_channel=world.server.create_text_channel("studio"))
    assert "S1 · version 2" in said(await world.ann.user.click(message, label="Again"))


async def test_jobs_and_takes_that_were_cleaned_up_are_told_of_plainly(make_world: MakeWorld) -> None:
    """Their buttons are still under old messages."""
    world = await make_world()
    await world.ann.slash(world.channel, "character create", description="y", images=2)
    older = world.last
    await world.ann.click(older, label="Again")
    newer = world.last
    async with world.app.tools.records.write() as tx:
        connection = tx._connection  # type: ignore[attr-defined]
        for table, column in (("jobs", "finished_at"), ("takes", "created_at")):
            await connection.exec_driver_sql(f"UPDATE {table} SET {column} = '2020-01-01 00:00:00.000000'")
    await put(world, keep_jobs_days=1, keep_takes_days=1)
    await world.app.cleaner.clean()
    assert "There is no job" in said(await world.ann.slash(world.channel, "jobs show", ref="J1"))
    assert "No jobs" in said(await world.ann.slash(world.channel, "jobs list"))
    assert "There is no take" in said(await world.ann.click(older, label="Original"))
    original = await world.ann.click(newer, label="Original")
    assert len(reply(original).attachments) == 1
    shown = await world.ann.slash(world.channel, "character show", ref="C1")
    assert "take 4" in said(shown)
    await world.ann.click(reply(shown), label="Again")
    assert "take 5" in said(world.last), "a number is given once"
    assert "Delete" in labels(world.last)


async def test_servers_that_are_left_and_joined(world: World) -> None:
    home, far = ServerId(world.server.id), ServerId(world.elsewhere.id)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    await world.stranger.slash(world.far, "scenes create", **SCENES)
    assert await left(world) == set()
    await world.app.servers.left(far)
    assert await left(world) == {far}
    await world.restart()
    assert await left(world) == set(), "it is in the list of READY"
    await world.app.servers.are([home])
    assert await left(world) == {far}
    await world.app.servers.are([])
    assert await left(world) == {far}, "an empty list says nothing"
    await world.app.servers.joined(far)
    assert await left(world) == set()
    await world.app.servers.left(ServerId(5))
    assert await left(world) == set(), "nothing is stored of it"


async def test_a_server_that_is_merely_unavailable_is_not_left(world: World) -> None:
    await world.stranger.slash(world.far, "scenes create", **SCENES)
    backend: Any = world.env.backend
    backend.emit("GUILD_DELETE", {"id": str(world.elsewhere.id), "unavailable": True})
    await world.env.settle()
    assert await left(world) == set()
    backend.remove_guild(world.elsewhere.id)
    await world.env.settle()
    assert await left(world) == {ServerId(world.elsewhere.id)}


async def test_that_a_server_was_left_is_noticed_at_the_next_start(world: World) -> None:
    await world.stranger.slash(world.far, "scenes create", **SCENES)
    backend: Any = world.env.backend
    emit, backend.emit = backend.emit, lambda event, payload: None
    backend.remove_guild(world.elsewhere.id)
    backend.emit = emit
    assert await left(world) == set()
    await world.restart()
    assert await left(world) == {ServerId(world.elsewhere.id)}


async def left(world: World) -> set[ServerId]:
    async with world.app.tools.records.read() as tx:
        return set(await tx.servers.left())


async def test_the_clean_up_comes_round_after_ten_minutes_and_then_once_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    passes = []

    async def clean() -> None:
        passes.append(1)
        raise StorageFull if len(passes) == 1 else ZeroDivisionError

    monkeypatch.setattr(world.app.cleaner, "daily", clean)
    loop = world.bot._daily
    assert loop.is_running()
    assert loop.minutes == 10
    assert loop.current_loop <= 1
    assert passes == [], "not in the first minute"
    for number in range(1, 300):
        monkeypatch.setattr(type(loop), "current_loop", number)
        await world.bot._daily.coro(world.bot)
    assert len(passes) == 3
    assert "the clean-up broke off: StorageFull; again tomorrow" in caplog.text
    assert world.errors.lines == ["the clean-up broke off; again tomorrow"] * 2
    world.errors.lines.clear()
