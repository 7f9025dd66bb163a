"""The Discord stand-in against an unmodified discord.py in a process of its own, and against plain HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.standins.discord import Callback, DiscordStandIn, File, Permission, StandInMistake


@contextlib.asynccontextmanager
async def running(discord: DiscordStandIn) -> AsyncIterator[None]:
    env = {**os.environ, "DISCORD_API_BASE_URL": discord.base_url}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.standins.example_bot", env=env)
    try:
        await discord.ready()
        yield
    finally:
        process.terminate()
        await process.wait()


async def ask(discord: DiscordStandIn, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    headers = {"Authorization": "Bot x"}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, discord.base_url + path, json=body, headers=headers) as answer,
    ):
        return answer.status, await answer.json() if answer.status != 204 else None


async def test_a_bot_logs_in_syncs_and_is_used() -> None:
    async with DiscordStandIn() as discord, running(discord):
        asked = await discord.slash("scenes create", {"idea": "rain", "friend": discord.friend})
        await asked.acknowledged()
        assert asked.callback is Callback.DEFERRED
        assert 0 < asked.acknowledged_after < 3
        message = await asked.response()
        assert message.embeds[0]["description"] == "8 noir ben nothing"
        assert message.file("still.png") == b"png"
        assert message.attachments[0].description == "a still"

        form = await (await discord.click(message, "Revise")).acknowledged()
        with pytest.raises(StandInMistake, match="no 'Other'"):
            await discord.submit(form, {"Other": "x"})
        sent = await discord.submit(form, {"What should change": "more rain"})
        assert (await sent.response()).content == "changed: more rain"
        assert sent.message is message

        report = await discord.click(message, "report:1", member=discord.friend)
        loud = await report.followup()
        assert loud.pinged == {discord.friend.id, "everyone"}
        private = await discord.message_where(lambda one: one.channel.recipient is discord.friend.user)
        assert private.pinged == {discord.friend.id}


async def test_options_are_those_the_bot_synced() -> None:
    async with DiscordStandIn() as discord, running(discord):
        refused: list[tuple[str, dict[str, Any], str]] = [
            ("scenes crate", {}, "near: .'scenes create'"),
            ("scenes create", {}, "requires .'idea'"),
            ("scenes create", {"idea": "x", "mood": "y"}, "no option 'mood'"),
            ("scenes create", {"idea": "x", "count": 25}, "takes 1 to 24"),
            ("scenes create", {"idea": "x", "count": "8"}, "wants"),
            ("scenes create", {"idea": "x" * 21}, "takes 1 to 20"),
            ("quota", {}, "hides /quota"),
        ]
        for path, options, said in refused:
            with pytest.raises(StandInMistake, match=said):
                await discord.slash(path, options)
        typing = await discord.autocomplete("scenes create", "style", "no", {"idea": "rain"})
        await typing.acknowledged()
        assert typing.choices == [{"name": "no rain", "value": "noir"}]
        sheet = await discord.slash("scenes create", {"idea": "x", "sheet": File("sheet.txt", b"my sheet")})
        assert "my sheet" in (await sheet.response()).text
        managed = await (await discord.slash("quota", member=discord.manager)).response()
        assert (managed.content, managed.ephemeral) == ("manager: True", True)


async def test_shards_resume_and_a_new_session() -> None:
    async with DiscordStandIn(shards=2) as discord, running(discord):
        outside = discord.other_guild.members[discord.member.id]
        await (await discord.slash("scenes create", {"idea": "x"}, member=outside)).response()
        await discord.disconnect(resumable=True)
        missed = await discord.slash("scenes create", {"idea": "while away"})
        assert "while away" in (await missed.response()).text
        assert discord.gateway.resumes >= 1
        before = discord.gateway.identifies
        await discord.disconnect(resumable=False)
        await discord.ready(beyond=before + 1)
        await (await discord.slash("scenes create", {"idea": "again"})).response()


async def test_faults_meet_the_bot() -> None:
    async with DiscordStandIn() as discord, running(discord):
        edit = "/webhooks/*/messages/@original"
        busy = discord.fail("PATCH", edit, 429, retry_after=0.1)
        asked = await discord.slash("scenes create", {"idea": "busy"})
        await asked.response()
        assert busy.hits == 1
        edits = [one for one in discord.requests if one.method == "PATCH"]
        assert [one.status for one in edits] == [429, 200]
        assert edits[1].at - edits[0].at >= 0.1
        assert edits[1].files == ["still.png"]
        slow = discord.fail("POST", "/interactions/*", delay=0.3)
        asked = await (await discord.slash("scenes create", {"idea": "slow"})).acknowledged()
        assert slow.hits == 1
        assert asked.acknowledged_after < 0.3
        discord.fail("PATCH", edit, lose=True)
        asked = await discord.slash("scenes create", {"idea": "lost"})
        assert "lost" in (await asked.response()).text


async def test_deadlines_and_tokens() -> None:
    async with DiscordStandIn(answer_seconds=0.2) as discord, running(discord):
        ready = discord.prepare("scenes create", {"idea": "x"})
        asked = ready.asked
        discord.fail("POST", "/interactions/*", 500)
        await discord.send(ready)
        await discord.bell.until(lambda: asked.late_at, 5, lambda: "a late answer")
        back = f"/interactions/{asked.id}/{asked.token}/callback"
        assert (await ask(discord, "POST", back, {"type": 5}))[1]["code"] == 10062
        hook = f"/webhooks/{discord.world.bot.id}/"
        assert (await ask(discord, "POST", hook + asked.token, {"content": "x"}))[1]["code"] == 10015
        good = await discord.slash("scenes create", {"idea": "x"})
        await good.response()
        again = await ask(discord, "POST", f"/interactions/{good.id}/{good.token}/callback", {"type": 5})
        assert (again[0], again[1]["code"]) == (400, 40060)
        good.expire()
        dead = await ask(discord, "PATCH", hook + good.token + "/messages/@original", {"content": "x"})
        assert (dead[0], dead[1]["code"]) == (401, 50027)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"content": "x" * 2001}, 50035),
        ({"content": ""}, 50006),
        ({"embeds": [{"title": "x"}] * 11}, 50035),
        ({"embeds": [{"description": "x" * 3001}] * 2}, 50035),
        ({"embeds": [{"fields": [{"name": "", "value": "x"}]}]}, 50035),
        ({"embeds": [{"image": {"url": "attachment://gone.png"}}]}, 50035),
        (
            {"content": "x", "components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "x"}] * 6}]},
            50035,
        ),
        ({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, 50035),
    ],
)
async def test_limits_of_a_message(body: Any, code: int) -> None:
    async with DiscordStandIn() as discord:
        status, answer = await ask(discord, "POST", f"/channels/{discord.channel.id}/messages", body)
        assert (status, answer["code"]) == (400, code)
        assert discord.messages == []


async def test_channels_refuse_as_discord_does() -> None:
    async with DiscordStandIn() as discord:
        bot = discord.guild.members[discord.world.bot.id]
        here = f"/channels/{discord.channel.id}"
        nonce = {"content": "once", "nonce": "n1", "enforce_nonce": True}
        first, second = [await ask(discord, "POST", here + "/messages", nonce) for _ in range(2)]
        assert first[1]["id"] == second[1]["id"]
        assert (await ask(discord, "GET", here + "/messages/1"))[1]["code"] == 10008
        assert (await ask(discord, "GET", "/channels/1"))[1]["code"] == 10003
        discord.channel.deny(bot, Permission.SEND_MESSAGES)
        assert (await ask(discord, "POST", here + "/messages", {"content": "x"}))[1]["code"] == 50013
        discord.channel.deny(bot, Permission.VIEW_CHANNEL)
        assert (await ask(discord, "PATCH", f"{here}/messages/{first[1]['id']}", {"content": "x"}))[1]["code"] == 50001
        discord.friend.user.accepts_messages = False
        direct = (await ask(discord, "POST", "/users/@me/channels", {"recipient_id": str(discord.friend.id)}))[1]
        assert (await ask(discord, "POST", f"/channels/{direct['id']}/messages", {"content": "x"}))[1]["code"] == 50007
        assert (await ask(discord, "GET", "/nowhere"))[0] == 404


async def test_it_is_driven_from_another_process() -> None:
    command = [sys.executable, "-m", "tests.standins.discord"]
    server = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert server.stdout is not None
    base = (await server.stdout.readline()).decode().removeprefix("ready ").strip()
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.standins.example_bot", env={**os.environ, "DISCORD_API_BASE_URL": base}
    )
    root = base.removesuffix("/api/v10")
    try:
        async with aiohttp.ClientSession(root) as session:
            stats = await (await session.get("/_stats", params={"ready": 10})).json()
            assert stats["commands"] == ["quota", "scenes create"]
            wanted = {"command": "scenes create", "options": {"idea": "rain"}}
            made = await (await session.post("/_control/slash", json=wanted)).json()
            assert made["message"]["embeds"][0]["title"] == "rain"
            press = {"message": made["message"]["id"], "which": "Revise", "member": "friend"}
            form = await (await session.post("/_control/click", json=press)).json()
            filled = {"modal": form["id"], "values": {"What should change": "less"}}
            changed = await (await session.post("/_control/submit", json=filled)).json()
            assert changed["message"]["content"] == "changed: less"
            refused = await session.post("/_control/slash", json={"command": "nothing"})
            assert refused.status == 400
    finally:
        for process in (bot, server):
            process.terminate()
            await process.wait()
