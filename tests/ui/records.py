"""Records to draw, with any text in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from mv.domain.character import Character, CharacterView, History, MediaFile, Take, TakesOfJob
from mv.domain.ids import ChannelId, Kind, MemberId, RecordId, Ref, ServerId
from mv.domain.jobs import Job, JobKind, JobState, ReplyTo
from mv.domain.scenes import Scene, SceneBrief, SceneDraft, SceneList, SceneListView, SceneVersion, ShotSize, TokenUsage

NOW = datetime(2026, 11, 22, 20, 14, tzinfo=UTC)
BIG_ID = MemberId(2**63)
LAST = 10**12 - 1
PIECES = (
    "```", "`", "**", "__", "~~", "||", "\\", "*", "_", "<", ">",
    "> ", ">>> ", "# ", "### ", "-# ", "- ", "1. ", "42) ", "\n", "\n\n", "\r\n", " ", "\t",
    "@everyone", "@here", "<@123456789012345678>", "<@&123456789012345678>", "<#123456789012345678>",
    "<t:1790000000:R>", "<:a:123456789012345678>", "<a:b:123456789012345678>", "</x:1234>", "<id:guide>",
    "[free](https://evil.example/)", "https://evil.example/a_b", "discord.gg/abc", ":smile:", "::", "10:20:30",
    "\u202e", "\u202d", "\u2066", "\u2067", "\u2069", "\u202c",
    "\u200b", "\u200d", "\u200c", "\u200f", "\ufeff", "\u2060", "\u3164", "\u2800", "\U000e0041",
    "\x00", "\x1b[31m", "\x85", "\u2028", "\ud800", "\udfff",
    "שלום", "مرحبا بالعالم", "नमस्ते", "สวัสดี", "한국어", "日本語", "e\u0301", "a" + "\u0300" * 40,
    "👩‍🚀", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇩🇪", "🇫🇷", "👍🏽", "❤️", "1️⃣", "word", "a lighthouse keeper dances", "é", "…",
)  # fmt: skip

texts = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
    st.builds(lambda piece, times: piece * times, st.sampled_from(PIECES), st.integers(1, 3000)),
    st.builds("".join, st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=60)),
)
"""Anything a member or a vendor may come up with."""


def key(number: int) -> RecordId:
    return RecordId(f"01J9{number:022d}")


def view(
    text: str = "A lighthouse keeper", *, scenes: int = 8, notes: Sequence[str] = (), private: bool = False
) -> SceneListView:
    """A scene list with this text in every place a text may stand."""
    scene = Scene(
        title=text, description=text, negative_description=text, action=text, location=text, time_of_day=text,
        shot_size=ShotSize.MCU, camera_angle=text, camera_movement=text, lighting=text, mood=text, transition=text,
        duration_seconds=4.5, cue=text,
    )  # fmt: skip
    brief = SceneBrief(
        idea=text, character=text, character_ref="C7", count=scenes, traits=text, video_type=text, style=text,
        camera=text, flavor=text or "default",
    )  # fmt: skip
    version = SceneVersion(
        number=1, author_id=BIG_ID, created_at=NOW, job_id=key(9), brief=brief, engine="gemini-2.5-pro",
        draft=SceneDraft(title=text, logline=text, palette=("#f2b705", "#1f3a5f"), scenes=(scene,) * scenes),
        request={"idea": text or "x", "character": text or "x", "private": private}, model_version=text,
        defaults_applied={"count": scenes, "style": text}, cost=61234, notes=tuple(notes),
        usage=TokenUsage(prompt_tokens=900, output_tokens=4000, thinking_tokens=100),
    )  # fmt: skip
    return SceneListView(record=replace(scene_list(text, private=private), versions=1), version=version)


def scene_list(text: str, number: int = 12, *, private: bool = False) -> SceneList:
    return SceneList(
        id=key(1), server_id=ServerId(1), ref=Ref(Kind.SCENE_LIST, number), owner_id=BIG_ID, private=private,
        title=text, created_at=NOW, versions=3, project_id=key(3), project_name=text,
        project_ref=Ref(Kind.PROJECT, LAST), character_id=key(2), character_ref=Ref(Kind.CHARACTER, LAST),
        character_name=text,
    )  # fmt: skip


def character(text: str = "Mara, sixty", *, private: bool = False) -> Character:
    return Character(
        id=key(2), server_id=ServerId(1), ref=Ref(Kind.CHARACTER, 7), owner_id=BIG_ID, private=private, name=text,
        description=text, flavor="default", request={}, defaults_applied={}, created_at=NOW, takes=4,
        project_id=key(3), project_name=text, project_ref=Ref(Kind.PROJECT, LAST),
    )  # fmt: skip


def take(number: int, text: str = "google/imagen-4", *, stem: str = "") -> Take:
    stem = stem or f"character_ref_20261122_201500_9f2c1a{number:02d}"

    def file(extension: str) -> MediaFile:
        return MediaFile(
            id=key(4), server_id=ServerId(1), key=f"1/{stem}.{extension}", sha256="0" * 64,
            mime=f"image/{extension}", width=1024, height=1365, bytes=1_400_000,
        )  # fmt: skip

    return Take(
        id=key(100 + number), number=number, job_id=key(5), original=file("png"), preview=file("webp"),
        engine="imagen-4", model_version=text, seed=2**31 - 1, aspect_ratio="3:4", cost=None, created_at=NOW,
    )  # fmt: skip


def character_view(text: str = "Mara, sixty", takes: int = 4) -> CharacterView:
    return CharacterView(record=character(text), takes=tuple(take(number + 1, text) for number in range(takes)))


def varied_view(text: str) -> CharacterView:
    """Starred, private, with a main take from another job, wishes, and scene lists beside."""
    record = replace(character(text, private=True), main_take=99_990, starred_at=NOW)
    wished = [replace(take(99_990 + number, text), instruction=text, from_take=99_999) for number in range(4)]
    takes = (replace(wished[0], job_id=key(8)), *wished[1:])
    lists = tuple(scene_list(text, LAST - number) for number in range(5))
    return CharacterView(record=record, takes=takes, lists=lists)


def history(text: str) -> History:
    """A page as long as it can be."""
    record = replace(character(text, private=True), main_take=99_999, starred_at=NOW)

    def made(first: int) -> TakesOfJob:
        takes = [replace(take(first + n, text), engine=text or "x", instruction=text, cost=10**10) for n in range(4)]
        return TakesOfJob(takes=tuple(replace(one, author_id=BIG_ID, from_take=99_999) for one in takes))

    return History(record=record, jobs=tuple(made(99_996 - 4 * page) for page in range(7)), before=99_972)


def job(state: JobState = JobState.RUNNING, text: str = "gemini-2.5-pro", number: int = 101) -> Job:
    reply = ReplyTo(channel_id=ChannelId(1), application_id=1, token=None, token_expires_at=None, private=False)
    return Job(
        id=key(6), server_id=ServerId(1), ref=Ref(Kind.JOB, number), kind=JobKind.CHARACTER, state=state,
        member_id=BIG_ID, private=True, order={}, engine=text, vendor="gemini", reply=reply, created_at=NOW,
        started_at=NOW, finished_at=NOW + timedelta(seconds=24) if state.final else None, version=2, cost=61234,
    )  # fmt: skip
