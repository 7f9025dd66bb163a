"""The offline writer: any text, any count, always a list as a vendor could have made it, and always the same one."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mv.domain.scene_check import check as check_answer
from mv.domain.scenes import ShotSize, TokenUsage
from mv.ports import SceneAnswer
from mv.vendors.offline import OfflineWriter
from mv.vendors.offline.scenes import compose
from tests.offline.words_of_a_flavor import ENGINE, VOCABULARY, brief, prompt

IDEAS = [
    "A lighthouse keeper who paints the storm",
    "neon heist in Tokyo, rain",
    "my cat becomes mayor",
    "Ein alter Leuchtturmwärter malt den Sturm und vergisst seinen Namen",
    "So I was thinking, what if\n\nthe singer walks through an empty city at night and all she touches turns to glass?",
    "قصة حب في المدينة",
    "夜の東京を走る少女",
    "🎸🔥🌧️",
    "rain",
    "",
    "x" * 2000,
    "word " * 400,
    "👩‍👩‍👧‍👦" * 180,
]
FIELDS = {
    "title", "description", "negative_description", "action", "location", "time_of_day", "shot_size", "camera_angle",
    "camera_movement", "lighting", "mood", "transition", "duration_seconds", "cue",
}  # fmt: skip
WIDE = {"EWS", "WS", "FS"}


def composed(idea: str, count: int = 8, have: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return compose(brief(idea, count=count, **more), VOCABULARY, count=count, have=have)


def check(payload: dict[str, Any], count: int) -> None:
    assert 0 < len(payload["title"]) <= 100
    assert payload["logline"].startswith("Offline draft: ")
    assert "\n" not in payload["logline"]
    assert 4 <= len(payload["palette"]) <= 6
    assert len(set(payload["palette"])) == len(payload["palette"])
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in payload["palette"])
    scenes = payload["scenes"]
    assert len(scenes) == count
    titles = [scene["title"].casefold() for scene in scenes]
    assert len(set(titles)) == count
    for scene in scenes:
        assert set(scene) == FIELDS
        assert all(value for value in scene.values())
        assert len(scene["title"]) <= 100
        assert len(scene["description"]) <= 1500
        assert ShotSize(scene["shot_size"])
        assert 4 <= scene["duration_seconds"] <= 8
        for name in FIELDS - {"duration_seconds"}:
            assert "  " not in scene[name]
            assert scene[name] == scene[name].strip()
    for before, after in pairwise(scenes):
        assert before["shot_size"] != after["shot_size"]


@pytest.mark.parametrize("idea", IDEAS)
@pytest.mark.parametrize("count", [1, 2, 3, 7, 24])
def test_every_field_of_every_scene(idea: str, count: int) -> None:
    payload = composed(idea, count)
    check(payload, count)
    assert payload["scenes"][0]["shot_size"] in WIDE


TEXT = st.text(max_size=300)


@settings(max_examples=150, deadline=None)
@given(idea=TEXT, character=TEXT, traits=TEXT, style=TEXT, camera=TEXT, video_type=TEXT, count=st.integers(1, 24))
def test_any_text_and_any_count(
    idea: str, character: str, traits: str, style: str, camera: str, video_type: str, count: int
) -> None:
    asked = brief(idea, character, traits=traits, style=style, camera=camera, video_type=video_type, count=count)
    payload = compose(asked, VOCABULARY, count=count)
    check(payload, count)
    assert payload == compose(asked, VOCABULARY, count=count)


def test_another_attempt_at_the_same_brief_is_another_list() -> None:
    first, second = (
        compose(brief("A lighthouse", count=8), VOCABULARY, count=8, attempt=attempt) for attempt in (1, 2)
    )
    assert [scene["description"] for scene in first["scenes"]] != [scene["description"] for scene in second["scenes"]]


def test_the_same_brief_gives_the_same_list_whatever_its_spaces_and_accents() -> None:
    assert composed("  a café\nin the rain ")["scenes"] == composed("a café in the rain")["scenes"]
    left, right = composed("a cafe\u0301 in rain"), composed("a caf\u00e9 in rain")
    assert [scene["location"] for scene in left["scenes"]] == [scene["location"] for scene in right["scenes"]]


def test_different_ideas_give_different_lists() -> None:
    lists = [composed(idea) for idea in IDEAS if idea]
    assert len({tuple(scene["title"] for scene in each["scenes"]) for each in lists}) == len(lists)
    assert len({tuple(scene["shot_size"] for scene in each["scenes"]) for each in lists}) >= len(lists) - 3


@pytest.mark.parametrize(
    "character", ["Mara, silver braid, yellow raincoat", "an old sailor with a tin leg", "ليلى، معطف أزرق", "🤖"]
)
def test_the_same_person_is_in_every_scene(character: str) -> None:
    scenes = compose(brief(IDEAS[0], character, count=24), VOCABULARY, count=24)["scenes"]
    words = [word for word in re.findall(r"\w+", character) if len(word) > 3] or [character]
    for scene in scenes:
        assert all(word in scene["description"] for word in words)


def test_the_idea_is_woven_into_every_scene() -> None:
    for scene in composed(IDEAS[0], 24)["scenes"]:
        assert "storm" in scene["description"] or "lighthouse" in scene["description"]
    assert any("paints the storm" in scene["action"] for scene in composed(IDEAS[0])["scenes"])
    for scene in composed(IDEAS[5], 6)["scenes"]:
        assert IDEAS[5] in scene["description"]


def test_a_day_passes() -> None:
    order = VOCABULARY.times_of_day
    for idea in IDEAS:
        times = [order.index(scene["time_of_day"]) for scene in composed(idea, 24)["scenes"]]
        steps = [(after - before) % len(order) for before, after in pairwise(times)]
        assert set(steps) <= {0, 1}
        assert sum(steps) < len(order)


def test_the_song_has_its_parts_in_order() -> None:
    cues = [scene["cue"] for scene in composed("rain", 24)["scenes"]]
    assert list(dict.fromkeys(cues)) == ["Intro", "Verse 1", "Chorus", "Verse 2", "Bridge", "Final chorus", "Outro"]
    assert [scene["cue"] for scene in composed("rain", 3)["scenes"]] == ["Intro", "Chorus", "Outro"]


def test_an_editor_would_vary() -> None:
    for idea in IDEAS:
        scenes = composed(idea, 16)["scenes"]
        assert len({scene["shot_size"] for scene in scenes}) >= 5
        assert len({scene["camera_movement"] for scene in scenes}) >= 4
        assert len({scene["lighting"] for scene in scenes}) >= 3
        assert len({scene["description"] for scene in scenes}) == 16


def test_missing_scenes_take_no_title_twice() -> None:
    whole = composed("rain", 8)["scenes"]
    have = tuple(scene["title"].upper() for scene in whole[:5])
    missing = compose(brief("rain"), VOCABULARY, count=3, have=have)["scenes"]
    assert len(missing) == 3
    assert not {scene["title"].casefold() for scene in missing} & {title.casefold() for title in have}
    assert missing[-1]["cue"] == "Outro"
    many = [f"title {number}" for number in range(24)] + [scene["title"] for scene in composed("rain", 24)["scenes"]]
    assert len(compose(brief("rain"), VOCABULARY, count=24, have=many)["scenes"]) == 24


def test_long_ideas_are_cut_between_words() -> None:
    payload = composed("The conductor of a midnight train hears an old song " * 30)
    assert payload["title"].rstrip("…").split()[-1].casefold() in "the conductor of a midnight train hears an old song"
    assert len(payload["logline"]) < 500


@pytest.mark.parametrize(
    ("character", "words"),
    [
        ("a elderly sailor", "an elderly sailor"),
        ("Old woman in a red coat", "an old woman in a red coat"),
        ("hourly worker", "an hourly worker"),
        ("unicorn", "a unicorn"),
        ("two sisters in red coats", "two sisters in red coats"),
    ],
)
def test_articles(character: str, words: str) -> None:
    payload = compose(brief("rain", character, traits=""), VOCABULARY, count=4)
    assert all(words in scene["description"] for scene in payload["scenes"])


def test_verbs_follow_the_person() -> None:
    text = " ".join(
        s["action"] for s in compose(brief("rain", "two sisters", traits=""), VOCABULARY, count=24)["scenes"]
    )
    assert "Two sisters stop and listen." in text
    assert "Two sisters run away." in text
    assert "Two sisters are waiting." in text
    text = " ".join(s["action"] for s in compose(brief("rain", "Mara", traits=""), VOCABULARY, count=24)["scenes"])
    assert "Mara stops and listens." in text
    assert "Mara runs away." in text


DOUBLED = re.compile(r"\b([A-Za-z]+) \1\b|[,;:]{2}|[,;:]\.|\.\.(?!\.)| [,.;:]|\ba [aeiou](?!ne\b|ni|se)", re.IGNORECASE)


def test_no_seams_show() -> None:
    for idea in IDEAS[:3]:
        for scene in composed(idea, 24)["scenes"]:
            assert DOUBLED.search(scene["description"]) is None, scene["description"]
            assert scene["description"].endswith(".")
            assert scene["description"][0].isupper()


async def test_the_writer_reports_while_it_pauses() -> None:
    said: list[str] = []

    async def report(code: str) -> None:
        said.append(code)

    asked: list[str] = []

    def vocabulary(flavor: str) -> Any:
        asked.append(flavor)
        return VOCABULARY

    writer = OfflineWriter(vocabulary, pause_seconds=0.05)
    answer = await writer.write(ENGINE, prompt(brief("rain", count=5)), report)
    assert isinstance(answer, SceneAnswer)
    assert answer.problem is None
    assert answer.usage == TokenUsage()
    assert answer.model_version == "offline-1"
    assert asked == ["default"]
    assert len(said) >= 2
    said.clear()
    await OfflineWriter(vocabulary).write(ENGINE, prompt(brief("rain", count=5)), report)
    assert said == []
    await writer.aclose()


def test_the_check_of_answers_finds_nothing_to_mend() -> None:
    for idea in IDEAS:
        checked = check_answer(composed(idea, 24), count=24, shortest=4, longest=8)
        assert checked.notes == []
        assert checked.missing(24) == 0
