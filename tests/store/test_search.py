"""The text search on a real database: what is found, by whom, and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mv.domain.ids import Kind, MemberId, RecordId, Ref, new_id
from mv.domain.search import Filters, Place, parse_query
from mv.store import search
from mv.store.database import Database
from tests.store.finding import a_text, find, numbers, store
from tests.store.things import (
    ANA,
    BO,
    NOON,
    OTHER_SERVER,
    SEEN,
    SEEN_BY_BO,
    a_character,
    a_file,
    a_list,
    a_project,
    a_take,
)


async def test_titles_come_first_then_what_it_is_about_then_the_rest_and_the_newest_of_each(records: Database) -> None:
    await store(
        records,
        (a_list(1), a_text("The Lighthouse")),
        (a_list(2), a_text(scenes=("a lighthouse far away",))),
        (a_list(3), a_text(idea="keepers of a Lighthouse")),
        (a_list(4), a_text("Lighthouse again", scenes=("lighthouse",), idea="lighthouse")),
        (a_list(5), a_text(logline="LIGHTHOUSE!")),
        (a_list(6), a_text("None of it", character="a house, light")),
        (a_list(7, owner_name="Lighthouse Lou"), a_text()),
    )
    assert await numbers(records, "lighthouse") == [4, 1, 5, 3, 7, 2]


async def test_pages_go_through_all_tiers_without_a_gap_or_a_repetition(records: Database) -> None:
    where: tuple[dict[str, Any], ...] = ({"title": "salt"}, {"idea": "salt"}, {"scenes": ("salt",)})
    await store(records, *((a_list(n), a_text(**where[n % 3])) for n in range(1, 20)))
    whole = await numbers(records, "salt")
    assert sorted(whole) == list(range(1, 20))
    for size in (1, 2, 3, 6, 7, 18, 19, 20):
        after, seen = None, []
        while True:
            page = await find(records, "salt", after=after, size=size)
            assert len(page.rows) <= size
            seen += [hit.record.ref.number for hit in page.rows]
            after = page.after
            if after is None:
                break
            assert 0 < after < 10**12
        assert seen == whole, size


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("storm", [1]),
        ("STORM keeper", [1]),
        ("keeper storm lamp", []),
        ('"the storm"', [1]),
        ('"storm the"', []),
        ("“the storm”", [1]),
        ('"the storm', [1]),
        ("sto*", [1]),
        ("st*", []),
        ('"the sto"*', [1]),
        ("café", [2]),
        ("CAFE", [2]),
        ("cafe\u0301", [2]),
        ("strasse", [2]),
        ("灯台", [3]),
        ("台灯", []),
        ("光", [3]),
        ("か", [3]),
        ("が", [3]),
        ("か\u3099", [3]),
        ("は", []),
        ("등대", []),
        ("등대*", [3]),
        ("маяк", [4]),
        ("Маяк ёлка", [4]),
        ("елка", [4]),
        ("منارة", [4]),
        ("ประภา", [4]),
        ("keeper -storm", []),
        ("-storm lamp", [5]),
        ('lamp -"old keeper"', [5]),
        ("-storm", []),
        ("slow-motion", [5]),
        ("slow motion", [5]),
        ("don't", [5]),
        ("3.5", [5]),
        ("storm AND keeper", []),
        ("storm OR keeper", []),
        ("NOT", []),
        ("lamp NEAR", []),
        ("storm)", [1]),
        ("(storm", [1]),
        ("words:storm", []),
        ("words : storm", []),
        ("^storm", [1]),
        ("sto**", [1]),
        ("*storm", [1]),
        ("* storm", [1]),
        ("storm🦊", [1]),
        ("storm\0 \ud83c", [1]),
        ("words", []),
        ("public", []),
        (f"m{ANA}", []),
    ],
)  # fmt: skip
async def test_queries(records: Database, query: str, found: list[int]) -> None:
    await store(
        records,
        (a_list(1), a_text("Keeper", scenes=("he waits", "the STORM comes"))),
        (a_list(2), a_text("Café Große Straße")),
        (a_list(3), a_text("灯台の光が消える", logline="등대가 꺼진다")),
        (a_list(4), a_text("Маяк", scenes=("ёлка", "مَنَارَة قديمة", "ประภาคาร"))),
        (a_list(5), a_text("The lamp", scenes=("slow-motion, don't blink", "lens f/3.5"))),
    )
    assert await numbers(records, query) == found


async def test_phrases_do_not_reach_from_one_text_into_the_next(records: Database) -> None:
    await store(records, (a_list(1), a_text("deep", idea="blue sea", scenes=("first end", "second"))))
    assert await numbers(records, '"blue sea"') == [1]
    assert await numbers(records, '"deep blue"') == []
    assert await numbers(records, '"sea a line"') == []


NASTY = (
    "", " ", "🦊🦊", '"', '""', '" "', "'", "\\", "*", "-", "--", "()", "NEAR(a b, 5)", "a AND", "OR", "{title}: x",
    "title:x", "^", "a + b", "%_%", "; DROP TABLE jobs --", "\0", "\ud83c", "\ue000public", "\ue000", "<@>", "<@0>",
    f"<@{2**64}>", "<@" + "9" * 20 + ">", "a" * 1000, "a " * 500, '"a ' * 250, "- " * 500, "灯" * 1000, '"' * 1000,
    "\U00010d4a", "\U0001e5d0 a", "\u0301" * 1000, "ﷺ" * 1000, "x* " * 333, "-x " * 333, "'" * 1000,
)  # fmt: skip


@pytest.mark.parametrize("query", NASTY)
async def test_whatever_is_typed_is_no_error(records: Database, query: str) -> None:
    await store(records, (a_list(1), a_text("Salt")))
    assert len(await numbers(records, query)) <= 1
    assert await numbers(records, f"salt {query}"[:1000]) in ([], [1])
    async with records.read() as tx:
        assert len(await tx.scenes.choices(SEEN, query, 25)) <= 1
        assert len(await tx.characters.choices(SEEN, query, 25)) == 0


async def test_nothing_that_may_be_typed_is_an_error(records: Database) -> None:
    await store(records, (a_list(1), a_text("Salt")))

    async def ask(text: str) -> None:
        await find(records, text)
        async with records.read() as tx:
            await tx.scenes.choices(SEEN, text, 25)

    signs = st.text(st.one_of(st.sampled_from("\"*()-:^+{}<>@ANDORTaé灯\ue000'\\"), st.characters()), max_size=60)

    @given(signs)
    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    def run(text: str) -> None:
        tried.append(text)

    tried: list[str] = []
    run()
    assert len(tried) >= 300
    for text in tried:
        await ask(text)


async def test_private_ones_are_found_by_their_owner_alone(records: Database) -> None:
    await store(
        records,
        (a_list(1, private=True), a_text("Secret salt")),
        (a_list(2, private=True, owner_id=BO), a_text("Salt of Bo")),
        (a_list(3), a_text("Salt for all")),
        (a_list(1, server_id=OTHER_SERVER), a_text("Salt elsewhere")),
    )
    assert await numbers(records, "salt") == [3, 1]
    assert await numbers(records, "salt", seen=SEEN_BY_BO) == [3, 2]
    assert await numbers(records, "sal*", seen=replace(SEEN, member_id=MemberId(5))) == [3]
    assert await numbers(records, "salt", seen=replace(SEEN, server_id=OTHER_SERVER)) == [1]
    assert await numbers(records, f"<@{BO}>") == []
    assert await numbers(records, f"<@{BO}>", seen=SEEN_BY_BO) == [2]
    async with records.read() as tx:
        for seen, found in ((SEEN, [3, 1]), (SEEN_BY_BO, [3, 2])):
            assert [c.ref.number for c in await tx.scenes.choices(seen, "sa", 25)] == found
        assert [c.ref.number for c in await tx.scenes.choices(SEEN, "2", 25)] == []
        assert [c.ref.number for c in await tx.scenes.choices(SEEN_BY_BO, "2", 25)] == [2]


async def test_filters(records: Database) -> None:
    project, pictured, bare = a_project(), a_character(1), a_character(2)
    async with records.write() as tx:
        await tx.projects.add(project)
        await tx.characters.add(pictured)
        await tx.characters.add(bare)
        original, preview = await tx.media.add(a_file("a")), await tx.media.add(a_file("b"))
        await tx.characters.add_takes(pictured.id, [a_take(1, new_id(), original, preview)])
    await store(
        records,
        (a_list(1, project_id=project.id), a_text("salt")),
        (a_list(2, owner_id=BO, created_at=NOON + timedelta(days=2)), a_text(idea="salt")),
        (a_list(3, character_id=pictured.id, created_at=NOON + timedelta(days=3)), a_text(scenes=("salt",))),
        (
            a_list(4, character_id=bare.id, created_at=NOON + timedelta(days=4)),
            replace(a_text("salt"), engine="other 1.5"),
        ),
        (a_list(5, created_at=NOON + timedelta(days=5)), a_text("salt", flavor="neo_noir")),
    )
    for filters, found in (
        (Filters(project_id=project.id), [1]),
        (Filters(project_id=new_id()), []),
        (Filters(member_id=BO), [2]),
        (Filters(member_id=ANA), [5, 4, 1, 3]),
        (Filters(engine="OTHER 1.5"), [4]),
        (Filters(engine="other"), []),
        (Filters(flavor="neo_noir"), [5]),
        (Filters(flavor="neo"), []),
        (Filters(since=NOON), [5, 4, 1, 2, 3]),
        (Filters(since=NOON + timedelta(days=3)), [5, 4, 3]),
        (Filters(since=NOON + timedelta(days=9)), []),
        (Filters(has_picture=True), [3]),
        (Filters(has_picture=False), [5, 4, 1, 2]),
        (Filters(member_id=ANA, flavor="default", since=NOON + timedelta(days=3), has_picture=False), [4]),
    ):
        assert await numbers(records, "salt", filters) == found, filters
    assert await numbers(records, f"<@{BO}> salt") == [2]
    assert await numbers(records, f"<@!{BO}>") == [2]
    assert await numbers(records, f"<@{BO}> <@{ANA}>") == [5, 4, 3, 2, 1]


async def test_characters_are_found_by_name_description_and_member(records: Database) -> None:
    async with records.write() as tx:
        await tx.characters.add(a_character(1, name="Mara", description="a keeper in oilskin", owner_name="Zoë"))
        await tx.characters.add(a_character(2, name="Oilskin Joe", description="a sailor", owner_id=BO))
        original, preview = await tx.media.add(a_file("a")), await tx.media.add(a_file("b"))
    async with records.read() as tx:

        async def found(query: str, **filters: Any) -> list[int]:
            page = await tx.characters.search(SEEN, parse_query(query), Filters(**filters), after=None, size=9)
            return [hit.record.ref.number for hit in page.rows]

        assert await found("oilskin") == [2, 1]
        assert await found("zoe") == [1]
        assert await found("oilskin", member_id=BO) == [2]
        assert await found("oilskin", has_picture=True) == []
        assert await found("oilskin", flavor="cinematic") == [2, 1]
    async with records.write() as tx:
        one = await tx.characters.find(SEEN, Ref(Kind.CHARACTER, 1))
        assert one is not None
        await tx.characters.add_takes(one.id, [a_take(1, new_id(), original, preview)])
    async with records.read() as tx:
        assert await found("oilskin", has_picture=True) == [1]
        assert await found("oilskin", engine="imagen-4") == [1]
        assert await found("oilskin", engine="imagen") == []


async def test_what_is_shown_says_why(records: Database) -> None:
    long = "word " * 100 + "before the Große Straße and " + "after " * 100
    await store(
        records,
        (a_list(1), a_text("A Straße of salt")),
        (a_list(2), a_text("Salt", scenes=("first", long))),
        (a_list(3, owner_name="Strasse Sam"), a_text("Salt")),
        (a_list(4), a_text("Salt", character="a strasse-sweeper")),
    )
    title, about, member, scene = (await find(records, "STRASSE salt")).rows
    assert [title.record.title[a:b] for a, b in title.title] == ["Straße", "salt"]
    assert title.excerpt is None
    assert about.excerpt is not None
    assert (about.excerpt.place, about.excerpt.text) == (Place.CHARACTER, "a strasse-sweeper")
    assert [about.excerpt.text[a:b] for a, b in about.excerpt.marks] == ["strasse"]
    assert member.excerpt is not None
    assert (member.excerpt.place, member.excerpt.text) == (Place.MEMBER, "Strasse Sam")
    assert scene.excerpt is not None
    assert (scene.excerpt.place, scene.excerpt.scene) == (Place.SCENE, 2)
    assert [scene.excerpt.text[a:b] for a, b in scene.excerpt.marks] == ["Straße"]
    assert scene.excerpt.before
    assert scene.excerpt.after
    assert scene.excerpt.text.startswith("word ")
    assert len(scene.excerpt.text) <= 120


async def test_numbers_that_begin_so_are_offered_and_the_very_one_first(records: Database) -> None:
    await store(records, *((a_list(n), a_text(f"No {n}")) for n in (1, 2, 12, 13, 120, 129, 130, 1200, 1299, 1300)))
    async with records.read() as tx:
        for text, found in (
            ("12", [12, 1299, 1200, 129, 120]),
            ("S12", [12, 1299, 1200, 129, 120]),
            ("#129", [129, 1299]),
            ("1", [1, 1300, 1299, 1200, 130, 129, 120, 13, 12]),
            ("13000", []),
            ("999999999999", []),
        ):
            assert [c.ref.number for c in await tx.scenes.choices(SEEN, text, 25)] == found
            assert [c.ref.number for c in await tx.scenes.choices(SEEN, text, 2)] == found[:2]


def test_keys_hold_what_they_are_made_of() -> None:
    for tier in (1, 2, 3):
        for number in (1, 2**36 - 1):
            made = search.key(tier, number)
            assert (search.tier_of(made), search.number_of(made)) == (tier, number)
            assert made < 10**12
    assert RecordId("") < new_id()
