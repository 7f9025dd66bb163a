"""Numbers and names of things: plain ids of Discord's, our own keys, and the refs that people type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from ulid import ULID

ServerId = NewType("ServerId", int)
MemberId = NewType("MemberId", int)
ChannelId = NewType("ChannelId", int)
MessageId = NewType("MessageId", int)
RecordId = NewType("RecordId", str)
"""A ULID: 26 characters, sortable by time."""

FORMER = MemberId(0)
"""Whoever asked to be forgotten: records that stay name nobody."""


def new_id() -> RecordId:
    """A fresh key."""
    return RecordId(str(ULID()))


def made_at(key: RecordId) -> datetime:
    """When a key was made, to the millisecond."""
    return ULID.from_str(key).datetime


def first_id(at: datetime) -> RecordId:
    """The first key of that millisecond: those made earlier sort before it."""
    return RecordId(str(ULID.from_datetime(at))[:10] + "0" * 16)


class Kind(StrEnum):
    """What a ref points to; the value is the letter people type."""

    SCENE_LIST = "S"
    CHARACTER = "C"
    PROJECT = "P"
    JOB = "J"


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """`S12`: the number of a record in its server, from 1."""

    kind: Kind
    number: int

    def __str__(self) -> str:
        return f"{self.kind.value}{self.number}"


_REF = re.compile(r"\s*(?:#?\s*([A-Za-z])?\s*#?\s*)(\d{1,12})\s*")


def parse_ref(text: str, kind: Kind) -> Ref | None:
    """Reads `S12`, `s12`, `12`, `#12`, with spaces around; None if it is no number or another kind's letter."""
    found = _REF.fullmatch(text)
    if found is None:
        return None
    letter, digits = found.groups()
    number = int(digits)
    if number < 1 or (letter is not None and letter.upper() != kind.value):
        return None
    return Ref(kind, number)
