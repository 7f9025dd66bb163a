"""What was typed into a form that was refused comes back into it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.ui import notice
from bot.ui.custom_ids import Action, read
from bot.ui.forms import Form, Target, form_id, read_form, typed_in, with_text_kept
from bot.ui.text import plain
from tests.ui import records

REFUSAL = notice.error_message("That does not work", "The number of scenes must be from 1 to 24.")
ABOUT = Target(record=records.key(1), version=3, scene=24, newest=5)
FIELDS = ("idea", "count", "style", "character", "description", "instructions", "scene", "title", "action", "details")
ascii_text = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=500)


@given(idea=ascii_text, style=ascii_text)
def test_what_can_be_seen_comes_back(idea: str, style: str) -> None:
    sheet = with_text_kept(REFUSAL, Form.USE, ABOUT, {"idea": idea, "count": "99", "style": style})
    found = typed_in(sheet.embeds, Form.USE)
    seen = {name: re.sub(" +", " ", text).strip() for name, text in (("idea", idea), ("style", style))}
    assert found == {name: text for name, text in {**seen, "count": "99"}.items() if text}


@given(records.texts)
def test_nothing_that_was_typed_breaks_it(text: str) -> None:
    for form in Form:
        typed = dict.fromkeys(FIELDS, text[:2000])
        sheet = with_text_kept(REFUSAL, form, ABOUT, typed)
        found = typed_in(sheet.embeds, form)
        assert set(found) <= set(typed)
        assert all(plain(value, 100_000) for value in found.values())


def test_the_button_says_which_form() -> None:
    for number, form in enumerate(Form):
        (row,) = with_text_kept(REFUSAL, form, ABOUT, {}).rows
        press = read(row[0].custom_id)
        assert press is not None
        assert (press.action, press.form, press.record) == (Action.FORM, number, ABOUT.record)
        assert press.about == ABOUT.numbers


def test_a_button_of_an_earlier_release_opens_its_form() -> None:
    press = read(f"mv:form:{records.key(1)}:2")
    assert press is not None
    assert (press.form, press.about) == (2, ())


def test_a_form_says_what_it_is_about() -> None:
    for form in Form:
        assert read_form(form_id(form, ABOUT)) == (form, ABOUT)
    assert read_form(f"mvform:use:{records.key(1)}") == (Form.USE, Target(record=records.key(1)))
    assert read_form("mvform:use") is None
    assert read_form("mvform:nothing:x") is None


def test_what_is_too_long_to_be_kept_in_a_message_comes_as_a_file() -> None:
    typed = {"title": "T", "description": "d" * 2000, "action": "a" * 2000, "negative_description": "n" * 2000}
    sheet = with_text_kept(REFUSAL, Form.EDIT_SCENE, ABOUT, {**typed, "details": "Seconds: 0"})
    assert sheet.rows == ()
    (file,) = sheet.files
    for text in (*typed.values(), "Seconds: 0"):
        assert text in file.data.decode()
    assert read_form(form_id(Form.EDIT_SCENE, ABOUT)) == (Form.EDIT_SCENE, ABOUT)
