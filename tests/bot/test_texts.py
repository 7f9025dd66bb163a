"""Texts that mean harm: nobody is pinged, no limit is broken, nothing leaves its Markdown. `World.close` looks at every
message that was sent in these tests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.bot.conftest import MakeWorld
from tests.bot.sent import bodies
from tests.bot.world import World, reply, said
from tests.standins.gemini import GeminiStandIn, Reply
from tests.ui.rules import active

PINGS = (
    "@everyone @here <@1> <@&2> <#3> </quota set:4> <t:1:R> <:a:5> [x](https://evil.example) # big\n> *_~`|\\ \n```sh"
)
HARD = {
    "pings": PINGS,
    "long": "word " * 199,
    "one word": "x" * 1000,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈" * 90,
    "right to left": "\u202eאבגד هوز\u2067" * 80,
    "marks": "z\u0301\u0302\u0303\u0304\u0305\u0306\u0307" * 100,
    "zero width": "x" + "\u200b\u2060\ufeff\u200d" * 200,
    "fences": "```\n" * 200,
    "controls": "a\x00b\x1b[31mc\x07\x7f\x85\u2028d",
    "template": "{{ 7*7 }} {% for x in range(10) %}{{ x }}{% endfor %} {{ config }} ${HOME} %s {0}",
    "json": '"}]} , {"title": "<script>alert(1)</script>',
}


SHORT = ("pings", "controls", "template", "json")
"""Not long enough for a second page."""


@pytest.mark.parametrize("name", HARD)
async def test_members_texts_everywhere(world: World, name: str) -> None:
    text = HARD[name]
    await world.ann.slash(world.channel, "project create", name=text[:80].strip() or "x")
    await world.ann.slash(
        world.channel, "scenes create", idea=(text * 2)[:2000], character=text[:1000], traits=text[:1000],
        video_type=text[:200], style=text[:200], camera=text[:200], count=3, project="P1",
    )  # fmt: skip
    made = world.last
    assert "S1 · version 1" in said(made)
    await world.ann.slash(
        world.channel, "character create", description=text[:600], name=text[:80], images=1, project="P1"
    )
    assert "C1 · take 1" in said(world.last)
    for command in ("scenes list", "character list", "project list", "jobs list"):
        await world.ann.slash(world.channel, command)
    for command in ("scenes search", "character search"):
        for query in (text[:1000], "x everyone", "z word big"):
            await world.ann.slash(world.channel, command, query=query, since="today")
    for command in ("scenes show", "scenes delete", "character show", "project create", "scenes list"):
        option = {"project create": "name", "scenes list": "project"}.get(command, "ref")
        await world.bob.slash(world.channel, command, **{option: text[:80].strip() or "x"})
    shown = await world.ann.slash(world.channel, "scenes create", idea="x", character="C1", count=1)
    assert "S2 · version 1" in said(shown)
    await world.ann.click(made, label="Delete")
    for embed in [embed for body in bodies(world.env.http_requests) for embed in body.get("embeds") or []]:
        assert "everyone" not in active(embed.get("title") or "")
        assert "```sh" not in (embed.get("description") or "")


@pytest.mark.parametrize("name", HARD)
async def test_vendors_texts_everywhere(make_world: MakeWorld, google: GeminiStandIn, name: str) -> None:
    text = HARD[name]
    fields = ("title", "description", "negative_description", "action", "location", "time_of_day", "camera_angle")
    more = ("camera_movement", "lighting", "mood", "transition", "cue")
    scene: dict[str, Any] = dict.fromkeys((*fields, *more), text)
    payload = {
        "title": text,
        "logline": text,
        "palette": [text, "#12345"],
        "scenes": [{**scene, "shot_size": "WS"}] * 12,
    }
    google.decide = lambda prompt: Reply(payload=payload, model_version=text[:150])
    world = await make_world(google=google)
    result = await world.ann.slash(world.channel, "scenes create", idea="x", character="y", count=12)
    assert "S1 · version 1" in said(result)
    pages = 1
    while any(
        b["label"] == "Next" and not b.get("disabled") for row in reply(result).components for b in row["components"]
    ):
        await world.ann.click(reply(result), label="Next")
        pages += 1
    assert pages >= 2 or name in SHORT
    for command in ("scenes list", "jobs list"):
        await world.ann.slash(world.channel, command)
    await world.bob.autocomplete(world.channel, "scenes show", "ref", "")
    allowed = [body["allowed_mentions"] for body in bodies(world.env.http_requests)]
    assert allowed == [{"parse": []}] * len(allowed)


async def test_templates_are_not_run_on_members_texts(make_world: MakeWorld, google: GeminiStandIn) -> None:
    world = await make_world(google=google)
    await world.ann.slash(world.channel, "scenes create", idea=HARD["template"], character="{{ 7*7 }}", count=1)
    sent = json.dumps(google.requests[0]["contents"])
    assert "{{ 7*7 }}" in sent
    assert "49" not in sent


async def test_a_lone_surrogate_harms_nobody(world: World) -> None:
    bad = "half an emoji \ud83d here"
    await world.ann.slash(world.channel, "scenes create", idea=bad, character=bad, count=1)
    await world.ann.slash(world.channel, "character create", description=bad, name=bad)
    await world.ann.slash(world.channel, "project create", name=bad)
    await world.ann.slash(world.channel, "scenes show", ref=bad)
    await world.ann.slash(world.channel, "scenes list", project=bad)
    await world.ann.autocomplete(world.channel, "scenes show", "ref", bad)
    assert "Incident" not in "".join(map(said, world.channel.history(viewer=world.ann)))


async def test_every_message_of_a_whole_day_pings_nobody(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", idea=PINGS, character=PINGS, count=24)
    await world.ann.click(world.last, label="Next")
    await world.ann.click(world.last, label="Again")
    await world.ann.slash(world.channel, "character create", description=PINGS, name="@everyone")
    await world.ann.click(world.last, label="Original")
    await world.ann.click(world.last, label="Delete")
    await world.manager.slash(world.channel, "quota set", kind="images", limit=1.0, period="day", member=world.bob)
    await world.manager.slash(world.channel, "quota show")
    found = bodies(world.env.http_requests)
    assert len(found) == 8
    assert [body for body in found if body["allowed_mentions"] != {"parse": []}] == []
    sent = [r.json for r in world.env.http_requests if r.method == "POST" and r.path.endswith("/messages")]
    assert sent == []
