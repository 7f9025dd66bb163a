"""Every message keeps Discord's rules, whatever the text in it."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bot.ui import (
    character,
    exports,
    forms,
    help,
    jobs,
    mydata,
    notice,
    project,
    scene_history,
    scenes,
    takes,
    usage,
    usage_report,
)
from bot.ui import settings as settings_ui
from bot.ui.brief import ROOM, in_brief
from bot.ui.custom_ids import Action, ListOf, Turn
from bot.ui.frame import Sheet
from bot.ui.text import line, plain
from mv.domain.character import Character
from mv.domain.engine import Vendor
from mv.domain.excerpt import excerpt, marks_in
from mv.domain.ids import ChannelId, Kind, MemberId, Ref, ServerId
from mv.domain.jobs import JobState, Phase, Progress
from mv.domain.ledger import Measure
from mv.domain.limits import FOUND, QUERY, VERSIONS
from mv.domain.mydata import Belongings
from mv.domain.project import Contents, Entrant, Project, ProjectSheet
from mv.domain.scene_changes import changes
from mv.domain.scenes import Change, SceneList, VersionLine
from mv.domain.search import Passage, Place, Sought, parse_query
from mv.domain.settings import Option, Rules, RulesView, Setting
from mv.domain.spending import DaySpend
from mv.domain.usage import Allowance, AllowanceKind, Period, Quota
from mv.domain.usage_report import Month, ServerMonth, Share
from mv.errors import MvError, error_types
from mv.export.scenes_files import FileFormat, scene_file
from mv.export.zips import Archive, Piece
from mv.ports import Found, Hit, Page, VendorState
from tests.ui import records, rules
from tests.ui.records import NOW, PIECES, texts

OPENAPI = Path(
    os.environ.get("MV_DISCORD_OPENAPI")
    or Path(__file__).resolve().parents[2].parent / "shared/data/discord-openapi.json"
)


def drawings(text: str, count: int) -> Iterator[tuple[str, Sheet]]:
    """Every kind of message, with `text` wherever a member's or a vendor's text stands, and `count` of what there may
    be several of."""
    notes = (
        "asked_again",
        "kept_first",
        "shortened",
        "mended:shot_size",
        "clamped:x",
        f"engine_gone:{text}",
        f"flavor_gone:{text}",
        text,
    )
    view = records.view(text, scenes=count, notes=notes, private=True)
    for page in {1, 2, len(scenes.scene_pages(view))}:
        yield f"scenes, page {page}", scenes.scene_list_message(view, page)
    yield "files of a list", exports.scene_files_message(view, [scene_file(view, each) for each in FileFormat])
    for archives in _archives(text):
        yield "files of a project", exports.project_files_message(_contents(text), archives)
    shown = records.character_view(text, min(count, 12))
    previews = {take.id: b"picture" for take in shown.takes}
    yield "character", character.character_message(shown, previews, missing=line(text, 300))
    yield "character without previews", character.character_message(shown, {})
    portrait = ("text_only:" + text, "as_again:" + text, "able:" + text, text)
    yield "character varied", character.character_message(records.varied_view(text), previews, notes=portrait)
    yield from _versions(text, count)
    yield "history", takes.history_rows(records.history(text))
    assert takes.history_rows(records.history(text)).content.count("\n") == 14, "all seven"
    yield "renamed", takes.renamed(shown.record)
    yield "main", takes.main_chosen(records.varied_view(text).record)
    yield "starred", notice.starred(_ref(), text, NOW)
    yield "not starred", notice.starred(_ref(), text, None)
    turn = Turn(what=ListOf.SCENES, before=records.LAST, project=records.LAST, member=2**64 - 1)
    numbers = range(records.LAST, records.LAST - 10, -1)
    yield (
        "scene lists",
        scenes.scene_list_rows(_page([records.scene_list(text, n, private=True) for n in numbers]), turn),
    )
    yield "characters", character.character_rows(_page([records.character(text, private=True)] * 10), turn)
    lists, figures, sought = _finds(text, numbers)
    for wider in (False, True):
        yield "scene lists found", scenes.scene_lists_found(lists, sought, turn, wider=wider)
        yield "characters found", character.characters_found(figures, sought, turn, wider=wider)
    for sheet in (scenes.scene_lists_found(lists, sought, wider=True), character.characters_found(figures, sought)):
        assert len([row for row in sheet.content.split("\n") if row.startswith("**")]) == FOUND, "all six"
    yield "nothing found", scenes.scene_lists_found(Found(rows=(), after=None), sought)
    yield "projects", project.project_rows(_page([_project(text)] * 10), turn)
    yield "jobs", jobs.job_rows(list(_job_lines(text, numbers)), records.LAST, turn, HELD_UP)
    assert len(jobs.job_rows(list(_job_lines(text, numbers)), None, turn, HELD_UP).content.split("\n")) == 22, "all ten"
    for form in forms.Form:
        names = ("idea", "description", "character", "style", "instructions", "title", "action", "details")
        typed, about = dict.fromkeys(names, text), forms.Target(record=records.key(1), version=999_999, scene=24)
        refusal = notice.error_message("That does not work", line(text, 300), "Nothing was charged.", "Try again.")
        yield f"{form} refused", forms.with_text_kept(refusal, form, about, _as_typed(typed))
    yield "project", project.project_created(_project(text))
    yield "project shown", project.project_sheet(_project_sheet(text))
    yield "project renamed", project.project_renamed(_project(text), _project(text))
    for archived_at in (None, NOW):
        changed = dataclasses.replace(_project(text), archived_at=archived_at)
        yield f"project archived {archived_at}", project.project_archived(changed)
    much, named = [_belongings(n) for n in range(count)], {ServerId(n): text for n in range(count)}
    for servers in ({}, named):
        yield "forget?", mydata.forget_question(much, servers, records.key(1))
        yield "forgotten", mydata.forgot(much, servers)
    for archives in _archives(text):
        yield "my data", mydata.files_message(archives)
    for state in JobState:
        made = records.job(state, text)
        yield f"job {state}", jobs.job_sheet(made, Ref(Kind.CHARACTER, 7), plain(text, 500))
        progress = Progress(
            job=made, phase=Phase.PAINTING, place=2, done=1, total=4, usual_seconds=9e6, note="vendor_busy"
        )
        yield f"progress {state}", jobs.progress_message(progress, text)
    asked = records.job(JobState.QUEUED, text).as_question(10**10)
    yield "go?", jobs.question(asked)
    for went in (None, made):
        yield "left", jobs.left(asked, went)
    yield "job asked about", jobs.job_sheet(asked, words=plain(text, 500), about_what=text, went=made.ref)
    yield "error", notice.error_message(line(text, 200), plain(text, 900), line(text, 90), plain(text, 900))
    yield "question", notice.delete_question(Action.SCENES_DELETE_YES, records.key(1), _ref(), text, 2**64 - 1)
    yield "deleted", notice.deleted(Action.SCENES_UNDO, records.key(1), _ref(), text, NOW, 2**64 - 1)
    yield "undone", notice.undone(_ref(), text, "scenes")
    yield "settings", settings_ui.settings_message(_rules(text, count), saved=True)
    yield "kept", notice.kept(_ref())
    yield "usage", usage.usage_message([usage.usage_card(_allowances(), 10**12, text) for _ in range(count)])
    yield (
        "usage of a member",
        usage.usage_message([usage.usage_card(_allowances(), 10**12, zone=text, of=(records.BIG_ID, text))]),
    )
    for lost in (True, False):
        for chart in (b"PNG", None):
            month = _server_month(text, count, lost=lost)
            yield f"usage of a server {lost} {chart!r}", usage_report.server_message(month, chart)
    yield "no usage", usage_report.server_message(ServerMonth(month=MONTH), None)
    yield "no ledger", usage_report.no_ledger(MONTH)
    for archives in _archives(text):
        yield "ledger", usage_report.ledger_message(MONTH, 10**9, archives)
    yield "quotas", usage.quota_message([allowance.quota for allowance in _allowances()] * count)
    yield "quota", usage.quota_set(_allowances()[0].quota)
    yield "help", help.help_message()


def _finds(text: str, numbers: range) -> tuple[Found[SceneList], Found[Character], Sought]:
    """The words of the text, found in the text itself."""
    words = text[:QUERY] if not parse_query(text[:QUERY]).empty else "x"
    query = parse_query(words)
    passages = [Passage(place=Place.SCENE, scene=24, text=text), Passage(place=Place.MEMBER, text=f"x {text}")]
    why, marks = excerpt(passages, query), marks_in(text, query)
    lists = [records.scene_list(text, n, private=True) for n in numbers[:FOUND]]
    figures = [records.character(text, private=True)] * FOUND
    sought = Sought(
        query=words, project=f"P{records.LAST}", member=records.BIG_ID, engine=text, flavor=text, since="2026-11-22",
        has_picture=True,
    )  # fmt: skip
    return (
        Found(rows=tuple(Hit(record=each, title=marks, excerpt=why) for each in lists), after=records.LAST),
        Found(rows=tuple(Hit(record=each, title=marks, excerpt=why) for each in figures), after=None),
        sought,
    )


HELD_UP = {
    Vendor.GEMINI: VendorState(failures=9, resting_until=NOW),
    Vendor.REPLICATE: VendorState(waiting=10**6),
    Vendor.OFFLINE: VendorState(probing=True),
}


def _versions(text: str, count: int) -> Iterator[tuple[str, Sheet]]:
    """The history of a list that was changed from end to end, and the widest comparison."""
    before, after = records.view(f"{text} 1", scenes=count), records.view(f"{text} 2", scenes=count)
    version = dataclasses.replace(
        after.version, number=records.LAST, change=Change.REVISE, scene=24, based_on=1, instruction=text
    )
    found = changes(before.version.draft, version.draft)
    rows = [VersionLine(version=version, changes=found)] * VERSIONS
    shown = scene_history.history_rows(before.record, _page(rows))
    assert shown.content.count("**Version ") == VERSIONS, "all six"
    yield "versions", shown
    yield "comparison", scene_history.comparison_message(before.record, before.version, version, found)


def _job_lines(text: str, numbers: range) -> Iterator[jobs.JobLine]:
    """As long as they come: failed ones, which say why, and running and waiting ones, which say how long still."""
    brief = [in_brief(kind(**_facts(kind))) for kind in error_types().values()]
    why = max(brief, key=len)
    assert len(why) <= ROOM, why
    for number in numbers:
        made = records.job(JobState.FAILED, text, number)
        if number % 2:
            yield jobs.JobLine(job=made, about_what=text, why=why)
            continue
        made = records.job(JobState.QUEUED, text, number)
        progress = Progress(job=made, phase=Phase.WAITING, place=999, usual_seconds=1e6, starts_in_seconds=1e6)
        yield jobs.JobLine(job=made, progress=progress, about_what=text)


def _belongings(server: int) -> Belongings:
    most: dict[str, Any] = {field.name: 10**6 for field in dataclasses.fields(Belongings)}
    return Belongings(**{**most, "server_id": ServerId(server)})


def _project_sheet(text: str) -> ProjectSheet:
    ref = Ref(Kind.SCENE_LIST, records.LAST)
    return ProjectSheet(
        project=dataclasses.replace(_project(text), archived_at=NOW),
        makers=(records.BIG_ID,) * 100,
        spent=10**15,
        unpriced=10**6,
        latest=(Entrant(ref=ref, title=text, created_at=NOW, private=True),) * 5,
    )


def _as_typed(typed: dict[str, str]) -> dict[str, str]:
    """No longer than a form takes."""
    most = {"character": 1000, "style": 200, "title": 120, "details": 4000}
    return {name: text[: most.get(name, 2000)] for name, text in typed.items()}


def _facts(kind: type[MvError]) -> dict[str, Any]:
    values = {
        "by_id": 2**63, "wanted": 4, "got": 3, "vendor": "gemini", "kind": "scene list", "number": "0" * 8,
        "estimate": 10**10,
    }  # fmt: skip
    return {field.name: values.get(field.name, "x") for field in dataclasses.fields(kind)}


def _page(rows: list[Any]) -> Page[Any]:
    return Page(rows=tuple(rows), before=records.LAST)


def _ref() -> Ref:
    return Ref(Kind.SCENE_LIST, records.LAST)


def _project(text: str) -> Project:
    return Project(
        id=records.key(3), server_id=ServerId(1), ref=Ref(Kind.PROJECT, records.LAST), name=text,
        owner_id=records.BIG_ID, created_at=NOW, archived_at=NOW, scene_lists=records.LAST, characters=records.LAST,
    )  # fmt: skip


def _contents(text: str) -> Contents:
    return Contents(project=_project(text), scene_lists=records.LAST, characters=records.LAST, takes=records.LAST)


MONTH = Month(first=date(2026, 9, 1), zone="America/Argentina/ComodRivadavia", today=date(2026, 9, 30))


def _server_month(text: str, count: int, *, lost: bool) -> ServerMonth:
    """Of more members, projects and engines than there is room for; what is not priced and lost is as much."""
    keys = [records.key(n) for n in range(3 * count)]
    shares = [
        Share(
            member_id=MemberId(2**63 + n if n else 0), project_id=keys[n % (3 * count)] if n else None,
            engine=f"{text}{n % (2 * count)}", kind=kind, unpriced=bool(n % 3), amount=10**12 + n,
        )
        for n in range(10 * count)
        for kind in Measure
        if lost or kind is not Measure.LOST
    ]  # fmt: skip
    projects = {key: (Ref(Kind.PROJECT, records.LAST), text) for key in keys}
    days = tuple(DaySpend(day=date(2026, 9, 1 + n), engine=f"{text}{n}", spend=10**12) for n in range(count))
    return ServerMonth(month=MONTH, shares=tuple(shares), days=days, projects=projects, budget=10**15 if lost else None)


def _archives(text: str) -> Iterator[list[Archive]]:
    """The first ones of many, with more left out than a message can name; and later ones."""
    way = f"/character original ref:C{records.LAST} take:1"
    out = tuple(Piece(name=text, source=Path("x"), size=1, otherwise=way) for _ in range(200))
    for first in (1, 100):
        yield [
            Archive(number=n, of=200, path=Path("x.zip"), bytes=1, too_large=out, gone=out)
            for n in range(first, first + 3)
        ]


def _rules(text: str, count: int) -> RulesView:
    """With as many channels as `count`, each with defaults of its own, half of them where nothing is made."""
    values = [(Option.FLAVOR, text), (Option.PROJECT, 5), (Option.PROJECT, 7)]
    rows = [
        Setting(
            server_id=ServerId(1), channel_id=ChannelId(2**63 + n // 2), option=option, value=value,
            set_by=MemberId(records.BIG_ID), set_at=NOW,
        )
        for n in range(count)
        for option, value in (*values, (Option.ALLOWED, n % 2 == 0))
    ]  # fmt: skip
    return RulesView(
        rules=Rules(tuple(rows)), projects={5: text}, flavors=frozenset(), days=dict.fromkeys(Option, 3650),
        undo=timedelta(days=3650),
    )  # fmt: skip


def _allowances() -> list[Allowance]:
    subjects: list[dict[str, Any]] = [{"member_id": 2**63}, {"role_id": 2**63, "server_id": 1}, {"server_id": 1}, {}]
    return [
        Allowance(quota=Quota(kind=kind, limit=limit, period=period, **subject), used=10**11, resets_at=NOW)
        for kind in AllowanceKind
        for period in Period
        for limit, subject in zip((0, 10**12, 1, 7), subjects, strict=True)
    ]


@functools.cache
def _validator() -> Draft202012Validator:
    spec = json.loads(OPENAPI.read_text(encoding="utf-8"))
    return Draft202012Validator(
        {"$ref": "#/components/schemas/MessageCreateRequest", "components": {"schemas": spec["components"]["schemas"]}}
    )


@given(texts, st.integers(1, 24))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_message_keeps_the_rules(text: str, count: int) -> None:
    for name, sheet in drawings(text, count):
        assert rules.breaches(rules.payload(sheet)) == [], name


@pytest.mark.parametrize("piece", PIECES)
def test_twenty_four_scenes_of_a_hundred_thousand_characters(piece: str) -> None:
    view = records.view(piece * (100_000 // len(piece)), scenes=24)
    pages = scenes.scene_pages(view)
    titles = [embed.title for page in pages for embed in page[1:]]
    assert [str(title).partition(" ")[0] for title in titles] == [str(number) for number in range(1, 25)]
    for page in pages:
        assert rules.breaches(rules.payload(Sheet(embeds=tuple(page)))) == []


@pytest.mark.skipif(not OPENAPI.is_file(), reason="Discord's OpenAPI description is not here (MV_DISCORD_OPENAPI)")
@pytest.mark.parametrize("text", ["A lighthouse keeper", "**" * 3000, "👨‍👩‍👧‍👦" * 900, "שלום " * 900, "\u200b" * 50])
def test_discords_own_description_of_a_message_is_kept(text: str) -> None:
    for name, sheet in drawings(text, 9):
        errors = [error.message for error in _validator().iter_errors(rules.payload(sheet))]
        assert errors == [], name


def test_all_settings_are_shown_however_many_there_are() -> None:
    for text in ("Spring", "**" * 999, "שלום " * 900):
        assert "What is deleted" in settings_ui.settings_message(_rules(text, 300)).content


def test_the_validator_would_object() -> None:
    message = rules.payload(help.help_message())
    message["embeds"][0]["title"] = "x" * 257
    message["embeds"][0]["fields"] = [{"name": "", "value": "y" * 1025}] * 26
    message["components"] = [
        {"type": 1, "components": [{"type": 2, "style": 1, "label": "", "custom_id": "z" * 101}] * 6}
    ]
    found = rules.breaches(message)
    assert len([rule for rule in found if rule]) > 6
    if OPENAPI.is_file():
        assert list(_validator().iter_errors(message))


@given(texts)
@settings(max_examples=25, deadline=None)
def test_no_message_brings_their_markdown_alive(text: str) -> None:
    """What we draw ourselves is Markdown; what they wrote must not add any. So drawn with a harmless text and with
    theirs, the same constructs are alive."""
    for (name, theirs), (_, ours) in zip(drawings(text, 1), drawings("Harmless", 1), strict=True):
        assert _kinds(theirs) <= _kinds(ours), name


def _kinds(sheet: Sheet) -> set[str]:
    texts = [sheet.content]
    for embed in sheet.embeds:
        texts += [embed.title or "", embed.description or "", *(str(field.value) for field in embed.fields)]
    return {kind for text in texts for kind in rules.active(text.replace("@\u200b", "@ "))}
