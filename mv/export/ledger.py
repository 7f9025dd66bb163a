"""The ledger as CSV, for a spreadsheet or whoever keeps the books: an entry a row, exact amounts, none rounded."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from mv.domain.ledger import MONEY, Measure
from mv.domain.usage_report import Booked
from mv.export.cells import CONTROLS, harmless
from mv.export.zips import disk

COLUMNS = (
    *("at", "counted_at", "job", "member", "project", "engine", "measure", "entry", "amount", "unit", "usd"),
    *("price_input", "price_output", "price_picture", "price_date"),
)
"""Moments in UTC. `at` is when it was written, `counted_at` what places it in a month. `job` is its ref, or the key of
one that is not on record any more. Prices are micro-dollars, per million tokens or per picture."""
BOM = b"\xef\xbb\xbf"
"""By which spreadsheets know UTF-8."""
_UNITS = {
    **dict.fromkeys(MONEY, "micro-dollars"),
    Measure.TOKENS_IN: "tokens",
    Measure.TOKENS_OUT: "tokens",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFile:
    """A finished file, complete with its head. `packed` is what it takes when deflated."""

    path: Path
    bytes: int
    packed: int
    rows: int


class LedgerFiles:
    """Files under way, of `most` bytes each: `place` says where the first, second, … is. Call it in a thread; it raises
    StorageError. `close` it, whatever happens."""

    def __init__(self, place: Callable[[int], Path], most: int) -> None:
        self._place = place
        self._most = most
        self._done: list[LedgerFile] = []
        self._under_way: _Writing | None = None

    def add(self, entries: Iterable[Booked]) -> None:
        """Behind those that are there."""
        for entry in entries:
            line = _encoded([_row(entry)])
            if self._under_way is not None and self._under_way.size + len(line) > self._most:
                self._done.append(self._under_way.finish())
                self._under_way = None
            if self._under_way is None:
                self._under_way = _Writing(self._place(len(self._done) + 1))
            self._under_way.write(line)
            self._under_way.rows += 1

    def close(self) -> tuple[LedgerFile, ...]:
        """All of them; none if there was no entry."""
        if self._under_way is not None:
            self._done.append(self._under_way.finish())
            self._under_way = None
        return tuple(self._done)


class _Writing:
    """One file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size = self.rows = self._packed = 0
        self._packer = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -zlib.MAX_WBITS)
        with disk():
            self._file: BinaryIO = path.open("wb")
        self.write(BOM + _encoded([COLUMNS]))

    def write(self, data: bytes) -> None:
        with disk():
            self._file.write(data)
        self.size += len(data)
        self._packed += len(self._packer.compress(data))

    def finish(self) -> LedgerFile:
        with disk():
            self._file.close()
        packed = self._packed + len(self._packer.flush())
        return LedgerFile(path=self._path, bytes=self.size, packed=packed, rows=self.rows)


def _encoded(rows: Iterable[Sequence[str | int | Decimal]]) -> bytes:
    paper = io.StringIO(newline="")
    csv.writer(paper).writerows(rows)
    return paper.getvalue().encode("utf-8")


def _row(entry: Booked) -> list[str | int | Decimal]:
    line, price = entry.line, entry.line.price
    return [
        _moment(line.at),
        _moment(line.counted_at),
        _text(str(entry.job or line.job_id)),
        _text(str(line.member_id)),
        _text(str(entry.project or line.project_id or "")),
        _text(line.engine),
        line.kind.value,
        line.entry.value,
        line.amount,
        _UNITS.get(line.kind, "count"),
        f"{Decimal(line.amount) / 1_000_000:f}" if line.kind in MONEY else "",
        *([""] * 4 if price is None else map(_or_empty, (price.input_micro, price.output_micro, price.picture_micro))),
        *([] if price is None else [price.date.isoformat()]),
    ]


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def _or_empty(amount: int | None) -> str | int:
    return "" if amount is None else amount


def _text(text: str) -> str:
    return harmless(CONTROLS.sub("", text))
