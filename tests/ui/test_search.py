"""What was found, as it is drawn, and what was sought, read back from it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.ui.scenes import scene_lists_found
from bot.ui.search import marked, sought_in
from bot.ui.text import units
from mv.domain.excerpt import excerpt, marks_in
from mv.domain.limits import FOUND, QUERY
from mv.domain.search import Passage, Place, Sought, parse_query, readable
from mv.ports import Found, Hit
from tests.ui import records, rules
from tests.ui.records import texts


def bold(text: str, query: str, room: int = 60) -> str:
    return marked(text, marks_in(text, parse_query(query)), room)


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("Salt and Light", "light", "Salt and **Light**"),
        ("Salt and Light", "light salt", "**Salt** and **Light**"),
        ("Salt and Light", '"salt and"', "**Salt and** Light"),
        ("Salt and Light", "lig*", "Salt and **Light**"),
        ("Salt and Light", "nothing", "Salt and Light"),
        ("Große Straße", "strasse", "Große **Straße**"),
        ("cafe\u0301 noir", "café", "**cafe\u0301** noir"),
        ("灯台の光", "光", "灯台の**光**"),
        ("a*b*_c_ `d`", "b d", r"a\***b**\*\_c\_ \`**d**\`"),
        (":fox: @everyone <@12>", "fox everyone 12", r":**fox**: @**everyone** \<@**12**\>"),
        ("https://a.b/c x", "https c", r"**https**\://a.b/**c** x"),
        ("Salt  \n Light", "light", "Salt **Light**"),
        ("", "x", ""),
    ],
)
def test_marks(text: str, query: str, shown: str) -> None:
    assert bold(text, query) == shown


@given(texts, st.text("abx", min_size=1, max_size=3))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_marked_texts_keep_their_room_and_bring_nothing_alive(text: str, query: str) -> None:
    shown = bold(text, query)
    assert units(shown) <= 66
    assert "\n" not in shown
    assert shown.count("**") % 2 == 0 or "\\" in shown
    assert set(rules.active(shown.replace("@\u200b", "@ "))) <= {"emphasis"}


@given(texts, st.sampled_from([None, True, False]), st.sampled_from([None, "P7"]))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_was_sought_is_read_back(text: str, picture: bool | None, project: str | None) -> None:
    query = readable(text[:QUERY]) if not parse_query(text[:QUERY]).empty else "x"
    given_ = Sought(query=query, project=project, member=records.BIG_ID, since="2026-11-22", has_picture=picture)
    sheet = scene_lists_found(Found(rows=(), after=None), given_)
    found = sought_in(sheet.embeds)
    assert parse_query(found.query) == parse_query(query)
    assert (found.project, found.member, found.since, found.has_picture) == (
        project,
        records.BIG_ID,
        "2026-11-22",
        picture,
    )
    assert sought_in(()) == Sought(query="")


def test_a_page_says_where_and_why() -> None:
    query = parse_query("lamp")
    passage = Passage(place=Place.SCENE, scene=4, text="She lights the lamp.")
    hits = [
        Hit(record=records.scene_list("The lamp"), title=marks_in("The lamp", query), excerpt=None),
        Hit(record=records.scene_list("Salt", 7, private=True), title=(), excerpt=excerpt([passage], query)),
    ]
    sheet = scene_lists_found(Found(rows=tuple(hits), after=5), Sought(query="lamp", engine="gemini-2.5-pro"))
    assert "**S12** · The **lamp**\n-# <@" in sheet.content
    assert "**S7** · Salt 🔒\n" in sheet.content
    assert "-# scene 4: She lights the **lamp**." in sheet.content
    assert [[button.label for button in row] for row in sheet.rows] == [["First", "More"]]
    assert [button.disabled for button in sheet.rows[0]] == [True, False]
    assert sought_in(sheet.embeds) == Sought(query="lamp", engine="gemini-2.5-pro")


def test_nothing_found_names_the_filters_as_a_way_out() -> None:
    none: Found[object] = Found(rows=(), after=None)
    assert "Without it there may be more" in scene_lists_found(none, Sought(query="x", since="2026-11-22")).content  # type: ignore[arg-type]
    assert "Without it" not in scene_lists_found(none, Sought(query="x")).content  # type: ignore[arg-type]
    many = Sought(query=" ".join(f"w{n}" for n in range(40)))
    assert "first 32 words" in scene_lists_found(none, many).content  # type: ignore[arg-type]
    assert FOUND <= 10
