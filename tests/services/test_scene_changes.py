"""Two versions compared, and lists changed by hand: pure values in and out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mv.domain.scene_changes import changes
from mv.domain.scene_edits import inserted, moved, removed, scene_of, with_scene, written
from mv.domain.scenes import Scene, SceneChange, SceneDraft, ShotSize
from mv.errors import Empty, LastScene, ListFull, MvError, NotChosen, OutOfRange, TooLong

TYPED = {"title": "Rain", "description": "It rains.", "shot_size": "close-up", "duration_seconds": "4,5 s"}


def scene(title: str, **fields: object) -> Scene:
    texts = dict.fromkeys(set(Scene.model_fields) - {"shot_size", "duration_seconds"}, "x")
    return Scene.model_validate(
        {**texts, "title": title, "shot_size": "MS", "duration_seconds": 4.0, "description": title, **fields}
    )


def draft(*titles: str, **head: object) -> SceneDraft:
    return SceneDraft.model_validate(
        {"title": "T", "logline": "L", **head, "scenes": [scene(title).model_dump() for title in titles]}
    )


def test_nothing_is_different() -> None:
    assert not changes(draft("a", "b"), draft("a", "b"))


def test_a_scene_more_and_a_scene_less() -> None:
    more = changes(draft("a", "b", "c"), draft("a", "new", "b", "c"))
    assert (more.added, more.removed, more.changed) == ((2,), (), ())
    less = changes(draft("a", "b", "c"), draft("a", "c"))
    assert (less.added, less.removed, less.changed) == ((), (2,), ())


def test_a_scene_that_was_moved_is_the_only_one_that_was() -> None:
    found = changes(draft("a", "b", "c", "d"), draft("d", "a", "b", "c"))
    assert found.changed == (SceneChange(before=4, after=1, moved=True),)


def test_fields_that_were_changed_are_named() -> None:
    before = draft("a", "b", "c")
    after = with_scene(before, 2, scene("b", lighting="neon", mood="calm"))
    assert changes(before, after).changed == (SceneChange(before=2, after=2, fields=("lighting", "mood")),)


def test_a_scene_with_another_title_at_its_old_place_is_the_same_one() -> None:
    before = draft("a", "b", "c")
    found = changes(before, with_scene(before, 2, scene("other")))
    assert (found.added, found.removed) == ((), ())
    assert found.changed[0].fields == ("title", "description")


def test_the_head_of_the_list_counts() -> None:
    after = draft("a", title="Other", palette=("#000000",))
    assert changes(draft("a"), after).head == ("title", "palette")


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=12), st.lists(st.sampled_from("abcdef"), max_size=12))
def test_every_scene_is_accounted_for(old: list[str], new: list[str]) -> None:
    """The pairs, with what was added and removed, make up both versions; equal versions are equal."""
    before, after = draft(*old), draft(*new)
    found = changes(before, after)
    assert bool(found) == (old != new)
    kept = len(new) - len(found.added)
    assert kept == len(old) - len(found.removed)
    assert len({change.after for change in found.changed}) == len(found.changed) <= kept


@given(st.permutations("abcdefgh"))
def test_what_only_changed_places_has_only_moved(titles: list[str]) -> None:
    found = changes(draft(*"abcdefgh"), draft(*titles))
    assert (found.added, found.removed, found.head) == ((), (), ())
    assert all(change.moved and not change.fields for change in found.changed)


def test_by_hand_the_others_stay_word_for_word() -> None:
    old = draft("a", "b", "c")
    assert [s.title for s in moved(old, 3, 1).scenes] == ["c", "a", "b"]
    assert [s.title for s in moved(old, 1, 3).scenes] == ["b", "c", "a"]
    assert [s.title for s in inserted(old, 0, scene("x")).scenes] == ["x", "a", "b", "c"]
    assert [s.title for s in inserted(old, 3, scene("x")).scenes] == ["a", "b", "c", "x"]
    assert [s.title for s in removed(old, 2).scenes] == ["a", "c"]
    assert with_scene(old, 2, scene("x")).scenes[::2] == old.scenes[::2]


def test_places_that_do_not_exist() -> None:
    old = draft("a", "b")
    for number in (0, 3, -1):
        with pytest.raises(OutOfRange):
            scene_of(old, number)
        with pytest.raises(OutOfRange):
            removed(old, number)
        with pytest.raises(OutOfRange):
            moved(old, 1, number)
    with pytest.raises(OutOfRange):
        inserted(old, 3, scene("x"))
    with pytest.raises(LastScene):
        removed(draft("a"), 1)
    with pytest.raises(ListFull):
        inserted(draft(*"abcdefghijklmnopqrstuvwx"), 0, scene("y"))


def test_a_scene_as_people_type_it() -> None:
    made = written(TYPED)
    assert (made.shot_size, made.duration_seconds, made.cue) == (ShotSize.CU, 4.5, "")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"title": " "}, Empty),
        ({"title": "t" * 121}, TooLong),
        ({"description": ""}, Empty),
        ({"description": "d" * 2001}, TooLong),
        ({"mood": "m" * 301}, TooLong),
        ({"shot_size": "sideways"}, NotChosen),
        ({"shot_size": ""}, NotChosen),
        ({"duration_seconds": ""}, NotChosen),
        ({"duration_seconds": "long"}, NotChosen),
        ({"duration_seconds": "nan"}, NotChosen),
        ({"duration_seconds": "inf"}, NotChosen),
        ({"duration_seconds": "-4"}, NotChosen),
        ({"duration_seconds": "1e9"}, NotChosen),
    ],
)
def test_a_scene_that_cannot_be(change: dict[str, str], error: type[MvError]) -> None:
    with pytest.raises(error):
        written({**TYPED, **change})


@given(st.dictionaries(st.sampled_from(sorted(Scene.model_fields)), st.text(max_size=50)))
def test_whatever_is_typed_it_is_a_scene_or_a_refusal(typed: dict[str, str]) -> None:
    try:
        made = written({**TYPED, **typed})
    except MvError:
        return
    assert made.title.strip()
    assert 0.1 <= made.duration_seconds <= 600
