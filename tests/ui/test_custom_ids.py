"""custom_ids: written, read back, and within Discord's limit."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ui.custom_ids import (
    LIST_TEMPLATE,
    Action,
    ListOf,
    Press,
    Turn,
    custom_id,
    list_id,
    press_of,
    read,
    template,
    turn_of,
)
from mv.domain.ids import RecordId

ulids = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26).map(RecordId)


numbers = st.lists(st.integers(1, 99_999), max_size=4).map(tuple)


@given(
    st.builds(
        Press,
        action=st.sampled_from(Action),
        record=ulids,
        job=st.none() | ulids,
        version=st.integers(0, 999_999),
        page=st.integers(0, 999),
        message=st.integers(0, 2**64 - 1),
        takes=numbers,
        form=st.integers(0, 99),
    )
)
def test_a_press_is_read_back(press: Press) -> None:
    action = press.action
    text = custom_id(press)
    found = re.fullmatch(template(action), text)
    assert len(text) <= 100
    assert found is not None
    assert press_of(action, found) == read(text)
    assert custom_id(press_of(action, found)) == text
    assert [other for other in Action if re.fullmatch(template(other), text)] == [action]


@given(
    st.builds(
        Turn,
        what=st.sampled_from(ListOf),
        before=st.integers(0, 10**12 - 1),
        project=st.integers(0, 10**12 - 1),
        member=st.integers(0, 2**63 - 1),
    )
)
def test_a_turn_is_read_back(turn: Turn) -> None:
    text = list_id(turn)
    found = re.fullmatch(LIST_TEMPLATE, text)
    assert len(text) <= 100
    assert found is not None
    assert turn_of(found) == turn
    assert read(text) is None


@pytest.mark.parametrize(
    "text", ["", "mv:scenes.page:x:1:1", "mv:scenes.again:" + "0" * 26, "other:keep", "mv:keep:" + "U" * 26]
)
def test_what_is_not_ours_is_nothing(text: str) -> None:
    assert read(text) is None


OLD = {
    "mv:character.again:01J90000000000000000000001": (None, ()),
    "mv:character.original:01J90000000000000000000001:01J90000000000000000000002": ("01J90000000000000000000002", ()),
    "mv:form:01J90000000000000000000001:2": (None, ()),
}
"""Of earlier versions of the bot: they are out there for ever."""


@pytest.mark.parametrize("text", OLD)
def test_buttons_of_earlier_versions_are_understood(text: str) -> None:
    press = read(text)
    assert press is not None
    assert (press.job, press.takes) == OLD[text]
    assert custom_id(press) == text


def test_a_button_for_four_takes_fits() -> None:
    key = RecordId("01J90000000000000000000001")
    takes = (99_996, 99_997, 99_998, 99_999)
    text = custom_id(Press(action=Action.CHARACTER_ORIGINAL, record=key, job=key, takes=takes))
    assert len(text) <= 100
    press = read(custom_id(Press(action=Action.CHARACTER_VARY, record=key, takes=takes)))
    assert press is not None
    assert press.takes == takes
