"""What is held of pictures that came and were not taken in yet, and how much of those that were."""

from __future__ import annotations

import logging

import pytest

from mv.ports import Painted
from mv.vendors.gemini_shelf import Shelf


def painted(size: int = 1) -> Painted:
    return Painted(pictures=(bytes(size),), model_version="m")


def test_what_waits_is_held_and_may_be_taken_again() -> None:
    shelf, one = Shelf(), painted()
    shelf.put("a", one)
    assert shelf.take("a") is one
    assert shelf.take("a") is one
    shelf.drop("a")
    assert shelf.take("a") is None
    shelf.drop("a")


def test_of_those_that_were_taken_the_oldest_go_first() -> None:
    shelf = Shelf(taken=2)
    for id in "abcd":
        shelf.put(id, painted())
    for id in "abc":
        assert shelf.take(id)
    assert shelf.take("b"), "which makes it the newest"
    assert shelf.take("d")
    assert [id for id in "abcd" if shelf.take(id)] == ["b", "d"]


def test_large_ones_go_sooner_but_the_last_is_held() -> None:
    shelf = Shelf(taken_bytes=100)
    for id in "abc":
        shelf.put(id, painted(60))
    for id in "abc":
        assert shelf.take(id), "what waits is held, however large"
    assert [id for id in "abc" if shelf.take(id)] == ["c"]
    shelf.put("d", painted(1000))
    assert shelf.take("d")
    assert shelf.take("d")


def test_what_nobody_fetches_is_bounded_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    shelf = Shelf(waiting=2)
    for id in "abc":
        shelf.put(id, painted())
    assert [id for id in "abc" if shelf.take(id)] == ["b", "c"]
    assert "the picture of a was not fetched" in caplog.text
