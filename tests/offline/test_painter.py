"""The offline painter: sheets of the asked shape, always the same for the same request, for any text."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from mv.domain.engine import Engine, Makes, Vendor
from mv.domain.spelling import drawable
from mv.ports import PicturePrompt, Search, Ticket
from mv.vendors.offline import OfflinePainter
from mv.vendors.offline.layout import sheet_size
from mv.vendors.offline.sheet import draw_sheet

ENGINE = Engine(name="offline-sheet", vendor=Vendor.OFFLINE, model="offline", makes=Makes.IMAGES, label="Offline draft")
DESCRIPTIONS = [
    "60s lighthouse keeper, silver braid, yellow raincoat, boots",
    "a fat orange cat with a red sash and a crown",
    "a young man with a green mohawk, black leather jacket, sunglasses",
    "tall woman with long black hair, red dress, gold necklace",
    "a rusty robot with a blue scarf",
    "old sailor, white beard, navy striped sweater, beanie, bald",
    "قصة حب في المدينة",
    "🎸🔥",
    "",
]


async def silent(code: str) -> None:
    return None


def asked(description: str = DESCRIPTIONS[0], **more: object) -> PicturePrompt:
    rest: dict[str, object] = {"text": description, "name": "Mara", "aspect_ratio": "1:1", "seed": 7}
    return PicturePrompt(description=description, **{**rest, **more})  # type: ignore[arg-type]


def drawn(description: str, *, name: str = "Mara", aspect_ratio: str = "1:1", seed: int = 7) -> Image.Image:
    data = draw_sheet(name=name, description=description, aspect_ratio=aspect_ratio, seed=seed)
    picture = Image.open(io.BytesIO(data))
    picture.load()
    assert picture.format == "PNG"
    return picture.convert("RGB")


def difference(left: Image.Image, right: Image.Image) -> float:
    """Mean over all channels, 0-255."""
    return sum(ImageStat.Stat(ImageChops.difference(left, right)).mean) / 3


@pytest.mark.parametrize("ratio", ["1:1", "3:4", "4:3", "9:16", "16:9", "21:9", "2:3", "1:3", "5:1"])
def test_the_aspect_ratio_is_honoured(ratio: str) -> None:
    picture = drawn(DESCRIPTIONS[0], aspect_ratio=ratio)
    wide, high = map(int, ratio.split(":"))
    assert abs(picture.width / picture.height - wide / high) / (wide / high) < 0.005
    assert 0.98 < picture.width * picture.height / 1024**2 < 1.02


def test_sizes_of_usual_shapes() -> None:
    assert sheet_size("1:1") == (1024, 1024)
    assert sheet_size("16:9") == (1365, 768)
    assert sheet_size("nonsense") == sheet_size("0:4") == sheet_size("4:0") == sheet_size("-1:2") == (1024, 1024)


@pytest.mark.parametrize("description", DESCRIPTIONS)
def test_the_same_request_gives_the_same_bytes(description: str) -> None:
    first, again = (draw_sheet(name="A", description=description, aspect_ratio="4:3", seed=3) for _ in range(2))
    assert first == again


def test_different_descriptions_are_told_apart() -> None:
    pictures = [drawn(description, name="", aspect_ratio="16:9") for description in DESCRIPTIONS]
    for at, left in enumerate(pictures):
        for right in pictures[at + 1 :]:
            assert difference(left, right) > 4


def test_another_seed_is_another_figure() -> None:
    left, right = drawn("a quiet person", seed=1), drawn("a quiet person", seed=2)
    assert difference(left, right) > 2


@pytest.mark.parametrize(
    ("description", "colour"),
    [
        ("woman in a yellow coat", (237, 192, 58)),
        ("man in a teal sweater", (35, 121, 127)),
        ("girl in a crimson dress", (168, 30, 50)),
        ("ein Mann mit rotem Mantel", (200, 54, 46)),
    ],
)
def test_named_colours_are_worn(description: str, colour: tuple[int, int, int]) -> None:
    picture = drawn(description)
    counted = picture.getcolors(picture.width * picture.height)
    assert counted is not None
    worn = sum(count for count, shown in counted if shown == colour)
    assert worn > 20_000


def test_it_says_that_it_is_a_draft() -> None:
    """The label is a dark pill with light letters in the upper right."""
    for ratio in ("1:1", "16:9", "9:16"):
        picture = drawn(DESCRIPTIONS[1], aspect_ratio=ratio)
        side = min(picture.size)
        corner = picture.crop(
            (
                picture.width - round(side * 0.24),
                round(side * 0.05),
                picture.width - round(side * 0.05),
                round(side * 0.085),
            )
        )
        shown = corner.getcolors(corner.width * corner.height)
        assert shown is not None
        dark = sum(count for count, colour in shown if isinstance(colour, tuple) and sum(colour) < 150)
        light = sum(count for count, colour in shown if isinstance(colour, tuple) and sum(colour) > 600)
        assert dark > corner.width * corner.height * 0.4
        assert light > 100


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Mara", "Mara"),
        ("Ōkawa Zoë Łódź", "Okawa Zoe Lodz"),
        ("Straße", "Strasse"),
        ("Старый моряк", "Staryy moryak"),
        ("Νίκος", "Nikos"),
        ("Mara 🎸", "Mara"),
        ("夜の東京", ""),
        ("ليلى", ""),
        ("🎸🔥", ""),
        ("", ""),
        ("\u200b\u202e", ""),
    ],
)
def test_only_letters_that_the_font_has(text: str, shown: str) -> None:
    assert drawable(text) == shown


@settings(max_examples=12, deadline=None)
@given(
    name=st.text(max_size=80),
    description=st.text(max_size=2000),
    ratio=st.sampled_from(["1:1", "9:16", "99:1", "1:99", "7:5"]),
)
def test_any_text_is_drawn(name: str, description: str, ratio: str) -> None:
    assert drawn(description, name=name, aspect_ratio=ratio).width > 0


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_spelled_with_what_the_font_has(text: str) -> None:
    assert all(" " <= letter <= "~" or letter in "‘’“”…" for letter in drawable(text))


def test_long_names_and_descriptions_stay_on_the_sheet() -> None:
    picture = drawn("word " * 400, name="W" * 80, aspect_ratio="9:16")
    edge = picture.crop((picture.width - 8, 0, picture.width, picture.height)).convert("L")
    assert min(edge.tobytes()) > 200


async def test_a_ticket_survives_a_restart() -> None:
    ticket = await OfflinePainter().start(ENGINE, asked(images=2), silent)
    kept = json.loads(json.dumps({"id": ticket.id, "data": dict(ticket.data)}))
    first = await OfflinePainter().collect(ENGINE, ticket, 60, silent)
    again = await OfflinePainter().collect(ENGINE, Ticket(id=kept["id"], data=kept["data"]), 60, silent)
    assert first.pictures == again.pictures
    assert len(set(first.pictures)) == 2
    assert first.model_version == "offline-1"


async def test_an_order_that_a_kill_fell_into_is_always_found() -> None:
    painter = OfflinePainter()
    ticket = await painter.start(ENGINE, asked(images=2), silent)
    found = await painter.find(ENGINE, asked(images=2), Search(since=datetime.now(UTC)))
    assert found.data == ticket.data
    await painter.aclose()


async def test_tickets_are_told_apart_and_cancelling_is_quiet() -> None:
    painter = OfflinePainter()
    one, two = await painter.start(ENGINE, asked(), silent), await painter.start(ENGINE, asked(), silent)
    assert one.id != two.id
    await painter.cancel(ENGINE, one)
    await painter.aclose()


async def test_it_reports_while_it_pauses() -> None:
    said: list[str] = []

    async def report(code: str) -> None:
        said.append(code)

    painter = OfflinePainter(pause_seconds=0.04)
    await painter.collect(ENGINE, await painter.start(ENGINE, asked(), report), 60, report)
    assert len(said) >= 2


async def test_the_loop_runs_on_while_sheets_are_drawn() -> None:
    """Eight at once: whoever draws on the loop gives it a turn or two between sheets."""
    painter = OfflinePainter()
    tickets = [await painter.start(ENGINE, asked(seed=seed), silent) for seed in range(8)]
    turns = 0
    work = asyncio.gather(*(painter.collect(ENGINE, ticket, 60, silent) for ticket in tickets))
    while not work.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert len(await work) == 8
    assert turns > 5 * 8


def test_pillow_is_not_imported_before_something_is_drawn() -> None:
    code = "import sys, mv.vendors.offline, mv.store.darkroom; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("ratio", ["16:9", "1:1", "9:16"])
@pytest.mark.parametrize("wish", ["in a red coat", "x" * 2000, "word " * 400])
def test_what_shall_differ_is_written_on_the_sheet(ratio: str, wish: str) -> None:
    request: dict[str, object] = {"name": "Mara", "description": DESCRIPTIONS[0], "aspect_ratio": ratio, "seed": 7}
    plain = draw_sheet(**request)  # type: ignore[arg-type]
    heard, again = (draw_sheet(**request, asked=wish) for _ in range(2))  # type: ignore[arg-type]
    assert heard == again
    assert heard != plain
    assert draw_sheet(**request, asked="in a blue coat") != heard  # type: ignore[arg-type]
    assert Image.open(io.BytesIO(heard)).size == Image.open(io.BytesIO(plain)).size


@pytest.mark.parametrize("wish", ["", "  ", "🎸", "\0"])
def test_a_wish_that_cannot_be_written_changes_nothing(wish: str) -> None:
    request: dict[str, object] = {"name": "Mara", "description": "a fox", "aspect_ratio": "1:1", "seed": 7}
    assert draw_sheet(**request, asked=wish) == draw_sheet(**request)  # type: ignore[arg-type]


async def test_a_ticket_from_before_wishes_is_drawn() -> None:
    painter = OfflinePainter()
    ticket = await painter.start(ENGINE, asked(), silent)
    old = Ticket(id=ticket.id, data={key: value for key, value in ticket.data.items() if key != "instructions"})
    now = await painter.start(ENGINE, asked(instructions="in red"), silent)
    first, second, third = [(await painter.collect(ENGINE, one, 5, silent)).pictures for one in (ticket, old, now)]
    assert first == second != third
