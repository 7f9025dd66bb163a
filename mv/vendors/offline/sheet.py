"""A model sheet: one character from the front, the side and the back, its face up close, its moods and its colours, and
a label that says that it was drawn offline. Imported only in the thread that draws, for it brings Pillow with it."""

from __future__ import annotations

import hashlib
import io
import math
import random
import unicodedata

from PIL import Image, ImageChops, ImageDraw

from mv.domain.spelling import drawable
from mv.vendors.offline.colours import mix, rgb
from mv.vendors.offline.figure import figure, ground
from mv.vendors.offline.layout import Box, Plan, plan, sheet_size
from mv.vendors.offline.lettering import fitted, lines, width, write
from mv.vendors.offline.looks import Looks, read_looks
from mv.vendors.offline.pen import INK, OVERSIZE, Pen

LABEL = "OFFLINE DRAFT"
ASKED = "Asked for:"
_MOODS = ("glad", "awed", "asleep")


def draw_sheet(*, name: str, description: str, aspect_ratio: str, seed: int, asked: str = "") -> bytes:
    """PNG; the same bytes for the same request. Some 100 ms of a core. What was `asked` to differ is written on the
    sheet and not drawn: this engine would only guess at it."""
    plain = " ".join(unicodedata.normalize("NFC", description).casefold().split())
    digest = hashlib.sha256(f"{seed}\n{plain}".encode(errors="replace")).digest()
    looks = read_looks(plain, random.Random(int.from_bytes(digest[:8], "big")))
    title, caption = drawable(" ".join(name.split())), drawable(" ".join(description.split()))
    if caption.casefold() == title.casefold():
        caption = ""
    wish = drawable(" ".join(asked.split()))
    sheet = _Sheet(looks, sheet_size(aspect_ratio), title, caption, f"{ASKED} {wish}" if wish else "")
    return sheet.draw()


class _Sheet:
    def __init__(self, looks: Looks, size: tuple[int, int], title: str, caption: str, wish: str) -> None:
        self.looks = looks
        self.title, self.caption, self.wish = title, caption, wish
        head = 0.15 if title else 0.11 if caption else 0.07
        self.plan: Plan = plan(size, head + 0.035 if wish else head)
        self.paper = mix("#f6f1e7", looks.top_colour, 0.07)
        self.quiet = mix(INK, self.paper, 0.36)
        self.canvas = Image.new("RGB", (size[0] * OVERSIZE, size[1] * OVERSIZE), self.paper)
        self.line = max(1.0, self.plan.side / 400) * OVERSIZE
        self.feet = 0.0

    def draw(self) -> bytes:
        """Shapes at twice their size, then smaller, then the type."""
        self._light(self.plan.stage)
        self._views(self.plan.stage)
        self._close_up(self.plan.close)
        self._moods(self.plan.moods)
        self.canvas = self.canvas.reduce(OVERSIZE)
        pencil = ImageDraw.Draw(self.canvas)
        self._header(pencil)
        self._labels(pencil)
        self._chips(pencil, self.plan.chips)
        file = io.BytesIO()
        self.canvas.save(file, "PNG", compress_level=6)
        return file.getvalue()

    def _light(self, stage: Box) -> None:
        """A pool of it behind the figures."""
        size = (max(2, round(stage.w * 1.2 * OVERSIZE)), max(2, round(stage.h * 1.1 * OVERSIZE)))
        curve = [min(255, max(0, (value - 60) * 2)) for value in range(256)]
        glow = ImageChops.invert(Image.radial_gradient("L")).point(curve).resize(size)
        at = round((stage.x - stage.w * 0.1) * OVERSIZE), round((stage.y - stage.h * 0.02) * OVERSIZE)
        self.canvas.paste(Image.new("RGB", size, mix(self.paper, "#ffffff", 0.75)), at, glow)

    def _above(self) -> float:
        """How far hair, ears and hats rise over the crown, in heads."""
        looks = self.looks
        if looks.kind != "human":
            return {"rabbit": 0.85, "fox": 0.45, "robot": 0.38, "cat": 0.3, "bear": 0.2, "dog": 0.1}[looks.kind]
        if looks.hat:
            return {"brim": 0.36, "crown": 0.38, "beanie": 0.34, "helmet": 0.4}.get(looks.hat, 0.24)
        tall = {"mohawk": 0.44, "bun": 0.42, "spiky": 0.32, "afro": 0.46, "curly": 0.26}
        return tall.get(looks.hair_style, 0.14)

    def _views(self, stage: Box) -> None:
        """Side by side on one floor, with a line for every head of height."""
        looks, views = self.looks, self.plan.views
        room = stage.h - self.plan.side * 0.055
        broad = stage.w / len(views) / (2.1 * max(1.0, looks.width * 0.95))
        unit = min(room / (looks.heads + self._above() + 0.12), broad)
        self.feet = stage.y + room - unit * 0.12
        crown = self.feet - unit * looks.heads
        pencil, faint = ImageDraw.Draw(self.canvas), mix(self.paper, INK, 0.13)
        for at in range(math.ceil(looks.heads) + 1):
            y = (crown + min(at, looks.heads) * unit) * OVERSIZE
            pencil.line([(stage.x * OVERSIZE, y), (stage.right * OVERSIZE, y)], fill=faint, width=OVERSIZE)
        for at, view in enumerate(views):
            pen = self._pen(stage.x + stage.w * (at + 0.5) / len(views), crown, unit)
            ground(pen, looks, mix(self.paper, INK, 0.2))
            figure(pen, looks, view)

    def _pen(self, x: float, y: float, unit: float) -> Pen:
        return Pen(self.canvas, (x * OVERSIZE, y * OVERSIZE), unit * OVERSIZE, self.line)

    def _close_up(self, box: Box) -> None:
        """Head and shoulders before a disc of the accent's colour."""
        accent = self.looks.accent
        bright = sum(rgb(accent)) > 600
        colour = mix(accent, self.looks.top_colour, 0.3) if bright else mix(accent, "#ffffff", 0.45)
        rise = self._above() + 0.12
        unit = min(box.h / (rise + 1.5), box.w / 1.9)
        crown = box.h - unit * 1.5 if box.h < unit * (rise + 1.8) else box.h - unit * 1.8
        picture = self._window(box, colour)
        pen = Pen(picture, (box.w / 2 * OVERSIZE, crown * OVERSIZE), unit * OVERSIZE, self.line * 1.25)
        pen.oval((0.0, 0.6), 0.98, 0.98, mix(colour, "#ffffff", 0.35), line=False)
        figure(pen, self.looks, "front")
        self._mount(picture, box, self.plan.side * 0.022)

    def _moods(self, box: Box) -> None:
        """Three small heads."""
        size = min(box.h, box.w / 3.2)
        step = (box.w - size) / 2
        rise = max(0.3, self._above() + 0.08)
        for at, mood in enumerate(_MOODS):
            tone = (self.looks.top_colour, self.looks.bottom_colour, self.looks.hair)[at]
            part = Box(box.x + at * step, box.y + (box.h - size) / 2, size, size)
            picture = self._window(part, mix(tone, "#ffffff", 0.6))
            unit = size / (rise + 1.36)
            pen = Pen(picture, (size / 2 * OVERSIZE, unit * rise * OVERSIZE), unit * OVERSIZE, self.line * 0.85)
            figure(pen, self.looks, "front", mood)
            self._mount(picture, part, size / 2)

    @staticmethod
    def _window(box: Box, colour: str) -> Image.Image:
        return Image.new("RGB", (max(1, round(box.w * OVERSIZE)), max(1, round(box.h * OVERSIZE))), colour)

    def _mount(self, picture: Image.Image, box: Box, radius: float) -> None:
        """Into the sheet, with round corners and a frame."""
        x, y = round(box.x * OVERSIZE), round(box.y * OVERSIZE)
        edge = (picture.width - 1, picture.height - 1)
        mask = Image.new("L", picture.size)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, *edge), radius * OVERSIZE, fill=255)
        self.canvas.paste(picture, (x, y), mask)
        frame = (x, y, x + edge[0], y + edge[1])
        weight = max(1, round(self.line))
        ImageDraw.Draw(self.canvas).rounded_rectangle(frame, radius * OVERSIZE, outline=INK, width=weight)

    def _header(self, pencil: ImageDraw.ImageDraw) -> None:
        """The label first: it must be there whatever else has room."""
        frame, side = self.plan.frame, self.plan.side
        small = max(9, round(side * 0.0185))
        spacing = small * 0.09
        wide = width(LABEL, small, spacing=spacing) + small * 1.8
        left = frame.right - wide
        pencil.rounded_rectangle((left, frame.y, frame.right, frame.y + small * 2.1), small * 1.05, fill=INK)
        write(pencil, (left + small * 0.9, frame.y + small * 0.42), LABEL, small, "#fdf6e3", spacing=spacing)
        room = frame.w - wide - side * 0.04
        top = frame.y - side * 0.008
        if self.title:
            text, size = fitted(self.title, round(side * 0.06), round(side * 0.036), room)
            write(pencil, (frame.x, top), text, size, INK, bold=max(1, round(size / 40)))
            top += size * 1.28
        body = max(9, round(side * 0.02))
        beside = top < frame.y + small * 2.4
        for line in lines(self.caption, body, min(self.plan.caption, room) if beside else self.plan.caption, 2):
            write(pencil, (frame.x, top), line, body, self.quiet)
            top += body * 1.35
        for line in lines(self.wish, body, self.plan.caption, 1):
            write(pencil, (frame.x, top + body * 0.15), line, body, INK)

    def _labels(self, pencil: ImageDraw.ImageDraw) -> None:
        stage, views = self.plan.stage, self.plan.views
        size = max(8, round(self.plan.side * 0.0155))
        for at, view in enumerate(views):
            middle = stage.x + stage.w * (at + 0.5) / len(views)
            x = middle - width(view.upper(), size, spacing=2.0) / 2
            write(pencil, (x, stage.bottom - size * 1.25), view.upper(), size, self.quiet, spacing=2.0)

    def _chips(self, pencil: ImageDraw.ImageDraw, box: Box) -> None:
        """The colours with their values."""
        colours = self.looks.colours()
        gap = box.w * 0.025
        wide = (box.w - gap * (len(colours) - 1)) / len(colours)
        size = max(7, min(round(self.plan.side * 0.0145), int(wide / 4.6)))
        high = max(4.0, box.h - size * 1.5)
        for at, colour in enumerate(colours):
            x = box.x + at * (wide + gap)
            shape = (x, box.y, x + wide, box.y + high)
            pencil.rounded_rectangle(shape, min(wide, high) * 0.2, fill=colour, outline=INK, width=2)
            label = colour.upper()
            write(pencil, (x + (wide - width(label, size)) / 2, box.y + high + size * 0.35), label, size, self.quiet)
