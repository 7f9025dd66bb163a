"""The scene list's sheet: what stands where, and which buttons are drawn."""

from __future__ import annotations

import itertools
from dataclasses import replace

import discord

from bot.ui.character import character_message
from bot.ui.custom_ids import Action, read
from bot.ui.frame import Button, Sheet
from bot.ui.scenes import notes_in_words, scene_list_message, scene_pages
from mv.domain.character import CharacterView
from tests.ui import records
from tests.ui.rules import units


def labels(sheet: Sheet) -> list[list[str]]:
    return [[button.label for button in row] for row in sheet.rows]


def button(sheet: Sheet, label: str) -> Button:
    return next(each for row in sheet.rows for each in row if each.label == label)


def weight(embeds: list[discord.Embed]) -> int:
    return sum(
        units(text)
        for embed in embeds
        for text in [
            embed.title, embed.description, embed.author.name, embed.footer.text,
            *(part for field in embed.fields for part in (field.name, field.value)),
        ]
        if text
    )  # fmt: skip


def test_the_head_says_what_this_is() -> None:
    head = scene_list_message(records.view(scenes=8)).embeds[0]
    assert head.author.name == "S12 · version 1"
    assert head.title == "A lighthouse keeper"
    assert head.colour == discord.Colour(0xF2B705)
    assert head.description is not None
    for part in (
        "> A lighthouse keeper",
        "8 scenes",
        "0:36 min",
        "`#f2b705`",
        "$0.0612",
        f"<t:{int(records.NOW.timestamp())}:f>",
    ):
        assert part in head.description


def test_a_private_list_says_so() -> None:
    assert "only you" in str(scene_list_message(records.view(private=True)).embeds[0].author.name)


def test_an_unpriced_engine_is_not_free() -> None:
    view = records.view()
    unpriced = replace(view, version=replace(view.version, cost=None))
    assert "unpriced" in str(scene_list_message(unpriced).embeds[0].description)


def test_one_page_has_no_pager() -> None:
    assert labels(scene_list_message(records.view(scenes=3))) == [["Revise", "Again", "Export", "Delete"]]


def test_several_pages_turn() -> None:
    view = records.view(scenes=24)
    first, last = scene_list_message(view, 1), scene_list_message(view, 99)
    assert labels(first) == [["Previous", "1 / 3", "Next"], ["Revise", "Again", "Export", "Delete"]]
    assert [button(first, label).disabled for label in ("Previous", "1 / 3", "Next")] == [True, True, False]
    assert [button(last, label).disabled for label in ("Previous", "3 / 3", "Next")] == [False, True, True]
    press = read(button(first, "Next").custom_id)
    assert press is not None
    assert (press.action, press.record, press.version, press.page) == (Action.SCENES_PAGE, view.record.id, 1, 2)


def test_pages_are_as_full_as_they_can_be() -> None:
    pages = scene_pages(records.view("A keeper dances with the tide. " * 12, scenes=24))
    for page, following in itertools.pairwise(pages):
        assert len(page) == 10 or weight([*page, following[1]]) > 6000


def test_a_scene_reads_like_a_call_sheet() -> None:
    card = scene_list_message(records.view("Pier", scenes=2)).embeds[2]
    assert card.title == "2 · Pier"
    assert card.author.name == "Pier · Pier"
    assert card.footer.text == "Avoid: Pier"
    assert [(field.name, field.value) for field in card.fields] == [
        ("Camera", "Medium close-up\nPier\nPier"),
        ("Light & mood", "Pier\nPier"),
        ("Timing", "0:04–0:09 · 4.5 s\n♪ Pier\n→ Pier"),
    ]


def test_an_empty_scene_shows_placeholders() -> None:
    card = scene_list_message(records.view("", scenes=1)).embeds[1]
    assert card.title == "1 · –"
    assert card.fields[1].value == "–"
    assert card.footer.text is None


def test_notes_are_words() -> None:
    assert notes_in_words(()) == ""
    mended = notes_in_words(("mended:shot_size", "clamped:duration_seconds"))
    assert mended == "Some values were mended (duration, shot size)"
    said = notes_in_words(("engine_gone:gemini_2", "asked_again", "never_heard_of"))
    assert said.startswith("The generator was asked once more")
    assert r"the engine gemini\_2 is gone" in said


def test_a_character_shows_every_take() -> None:
    view = records.character_view("Mara", 3)
    sheet = character_message(view, {take.id: bytes([take.number]) for take in view.takes})
    assert [embed.author.name for embed in sheet.embeds] == ["C7 · take 1", "C7 · take 2", "C7 · take 3"]
    assert [embed.image.url for embed in sheet.embeds] == [f"attachment://{file.name}" for file in sheet.files]
    assert [file.data for file in sheet.files] == [b"\x01", b"\x02", b"\x03"]
    assert sheet.files[0].name == "character_ref_20261122_201500_9f2c1a01.webp"
    assert sheet.files[1].description == "Mara, take 2: Mara"
    assert sheet.embeds[0].footer.text == "imagen-4 (Mara) · seed 2147483647 · 1024 × 1365 · unpriced"
    assert labels(sheet) == [["Vary", "Again", "Original", "Use in scenes", "Delete"]]


def test_missing_pictures_are_named_and_can_be_retried() -> None:
    view = records.character_view("Mara", 1)
    sheet = character_message(view, {}, "2 of 3 pictures did not come")
    assert "**Missing** · 2 of 3" in str(sheet.embeds[0].description)
    assert "Original" in str(sheet.embeds[0].description)
    assert labels(sheet)[0][0] == "Retry"
    press = read(button(sheet, "Retry").custom_id)
    assert press is not None
    assert press.record == view.takes[0].job_id


def test_two_takes_of_the_same_bytes_have_names_of_their_own() -> None:
    takes = (records.take(1, stem="same"), records.take(2, stem="same"))
    view = CharacterView(record=records.character(), takes=takes)
    names = [file.name for file in character_message(view, {take.id: b"x" for take in takes}).files]
    assert names == ["same.webp", "same_take2.webp"]
