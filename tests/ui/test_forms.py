"""What was typed into a form that was refused comes back into it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.ui import notice
from bot.ui.custom_ids import Action, read
from bot.ui.forms import Form, typed_in, with_text_kept
from bot.ui.text import plain
from tests.ui import records

REFUSAL = notice.error_message("That does not work", "The number of scenes must be from 1 to 24.")
ascii_text = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=500)


@given(idea=ascii_text, style=ascii_text)
def test_what_can_be_seen_comes_back(idea: str, style: str) -> None:
    sheet = with_text_kept(REFUSAL, Form.USE, records.key(1), {"idea": idea, "count": "99", "style": style})
    found = typed_in(sheet.embeds, Form.USE)
    seen = {name: re.sub(" +", " ", text).strip() for name, text in (("idea", idea), ("style", style))}
    assert found == {name: text for name, text in {**seen, "count": "99"}.items() if text}


@given(records.texts)
def test_nothing_that_was_typed_breaks_it(text: str) -> None:
    for form in Form:
        typed = dict.fromkeys(("idea", "count", "style", "character", "description"), text[:2000])
        sheet = with_text_kept(REFUSAL, form, records.key(1), typed)
        found = typed_in(sheet.embeds, form)
        assert set(found) <= set(typed)
        assert all(plain(value, 100_000) for value in found.values())


def test_the_button_says_which_form() -> None:
    for number, form in enumerate(Form):
        (row,) = with_text_kept(REFUSAL, form, records.key(1), {}).rows
        press = read(row[0].custom_id)
        assert press is not None
        assert (press.action, press.form, press.record) == (Action.FORM, number, records.key(1))
