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


@given(st.sampled_from(Action), ulids, ulids, st.integers(0, 999_999), st.integers(0, 999), st.integers(0, 2**64 - 1))
def test_a_press_is_read_back(
    action: Action, record: RecordId, job: RecordId, version: int, page: int, message: int
) -> None:
    press = Press(action=action, record=record, version=version, page=page, message=message, job=job)
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
        member=st.integers(0, 2**64 - 1),
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
