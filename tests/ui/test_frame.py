"""A sheet's buttons and files, as discord.py gets them; and the packer's own promises."""

from __future__ import annotations

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ui import limits
from bot.ui.custom_ids import ListOf, Turn
from bot.ui.frame import Attached, Button, Sheet, files_of, only, view_of
from bot.ui.lists import list_sheet
from tests.ui.rules import breaches, payload, units
from tests.ui.test_scenes import labels, weight

cards = st.builds(
    limits.card,
    title=st.text("ab", max_size=400),
    text=st.text("c👍", max_size=300).map(lambda text: text * 20),
    author=st.text("d", max_size=300),
    footer=st.text("e", max_size=200).map(lambda text: text * 15),
    fields=st.lists(
        st.tuples(st.text("f", max_size=300), st.text("g", max_size=9).map(lambda t: t * 150)), max_size=30
    ),
)


async def test_the_view_is_stopped_and_its_buttons_are_plain() -> None:
    rows = ((Button(label="x" * 90, custom_id="mv:a"),) * 7,) * 7
    view = view_of(rows)
    assert view is not None
    assert view.is_finished()
    assert len(view.children) == 25
    assert {type(item) for item in view.children} == {discord.ui.Button}
    assert all(isinstance(item, discord.ui.Button) and len(str(item.label)) == 80 for item in view.children)


def picture(name: str, size: int) -> tuple[discord.Embed, Attached]:
    embed = discord.Embed(title=name)
    embed.set_image(url=f"attachment://{name}")
    return embed, Attached(name=name, data=b"x" * size, otherwise="`/character original ref:C7` brings them.")


def test_files_within_a_limit() -> None:
    made = [picture("a.webp", 60), picture("b.webp", 30), picture("c.webp", 40)]
    sheet = Sheet(content="Hello", embeds=tuple(one for one, _ in made), files=tuple(file for _, file in made))
    assert sheet.bytes == 130
    assert sheet.within(130) is sheet
    less = sheet.within(90)
    assert [file.name for file in less.files] == ["a.webp", "b.webp"]
    assert [embed.image.url for embed in less.embeds] == ["attachment://a.webp", "attachment://b.webp", None]
    assert [embed.image.url for embed in sheet.embeds][-1] == "attachment://c.webp", "the first one is as it was"
    assert less.content.startswith("Hello\n")
    assert less.content.endswith(
        "Left out, for it is too large for this server: `c.webp`. `/character original ref:C7` brings them."
    )
    none = sheet.within(0)
    assert none.files == ()
    assert none.content.count("/character original") == 1
    assert units(Sheet(content="x" * 1990, files=sheet.files).within(0).content) <= limits.CONTENT


def test_no_buttons_is_no_view() -> None:
    assert view_of(()) is None
    assert view_of(((),)) is None


def test_files_are_fresh_every_time() -> None:
    attached = (Attached(name="a.webp", data=b"abc", description="two\nlines " + "x" * 2000),)
    first, second = files_of(attached)[0], files_of(attached)[0]
    assert first.fp.read() == second.fp.read() == b"abc"
    assert units(first.description or "") == 1024
    assert (first.description or "").startswith("two lines")


def test_more_files_than_ten_are_left_out() -> None:
    sheet = Sheet(content="x").with_files(*(Attached(name=f"{n}.md", data=b"") for n in range(12)))
    assert len(sheet.files) == 10


def test_one_member_is_mentioned_and_nobody_else() -> None:
    allowed = only(7).to_dict()
    assert allowed["parse"] == []
    assert [int(member) for member in allowed["users"]] == [7]


@given(cards, cards, st.lists(cards, min_size=1, max_size=30))
def test_pages_hold_all_cards_in_order_within_the_limits(
    head: discord.Embed, later: discord.Embed, many: list[discord.Embed]
) -> None:
    many = [card for card in many if weight([card])] or [limits.card(title="one")]
    pages = limits.pages(head, later, many)
    assert sum(len(page) - 1 for page in pages) == len(many)
    for page in pages:
        assert len(page) <= 10
        assert weight(page) <= 6000
        assert all(weight([card]) > 0 for card in page[1:])


@given(cards, st.integers(1, 6000))
def test_trimming_never_changes_the_original(card: discord.Embed, room: int) -> None:
    before = card.to_dict()["fields"].copy() if card.fields else []
    assert weight([limits.trimmed(card, room)]) <= room
    assert (card.to_dict()["fields"] if card.fields else []) == before


@given(st.lists(cards, max_size=14))
def test_together_keeps_to_one_message(many: list[discord.Embed]) -> None:
    kept = limits.together(many)
    assert len(kept) <= 10
    assert weight(kept) <= 6000


@pytest.mark.parametrize(
    ("before_now", "before_next", "drawn"),
    [(0, None, []), (0, 11, [["Newest", "Older"]]), (11, 1, [["Newest", "Older"]]), (1, None, [["Newest", "Older"]])],
)
def test_lists_turn(before_now: int, before_next: int | None, drawn: list[list[str]]) -> None:
    turn = Turn(what=ListOf.JOBS, before=before_now)
    sheet = list_sheet("Jobs", [("**J1**", "done")], turn, before_next, "none")
    assert labels(sheet) == drawn
    assert breaches(payload(sheet)) == []


def test_an_empty_list_says_what_to_do() -> None:
    assert "/scenes create" in list_sheet("Lists", [], Turn(what=ListOf.SCENES), None, "Try /scenes create").content
