"""Who the scenes are about: a name to call them by, and the looks that every scene repeats, so that it is always the
same person."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mv.vendors.offline.lexicon import DETERMINERS, FLOWING, FOREIGN, KINDS, PARTICLES
from mv.vendors.offline.words import latin, plural, shorten, squeeze, with_article, without_article

_LOOKS = 240
_NAME = 48
_SAID = 120
_CONNECTORS = ("with", "who", "in", "wearing", "from", "aged", "whose", "holding", "carrying", "is", "has")


@dataclass(frozen=True, slots=True)
class Person:
    """`full` introduces with looks, `name` is used afterwards; `plural` when verbs must follow more than one."""

    name: str
    full: str
    plural: bool

    def words(self) -> frozenset[str]:
        """What belongs to the person, and so makes no motif of its own."""
        return frozenset(word.casefold() for word in re.findall(r"\w+", self.full))


def read_person(character: str, traits: str) -> Person:
    """From free text in any script, short or long."""
    text = squeeze(character)
    head, said, rest = _split(text)
    extra = squeeze(traits).strip(" .,;")
    if extra and extra.casefold() not in text.casefold():
        rest = f"{rest}; {extra}" if rest else extra
    if _is_name(head):
        name, first, many = head, head, " and " in head or " & " in head
    else:
        core = _lowered(head)
        leading = core.split(" ", 1)[0].casefold()
        foreign = leading in FOREIGN and leading not in DETERMINERS
        first = core if foreign else with_article(core)
        name = core if foreign or leading in DETERMINERS - {"a", "an"} else f"the {without_article(core)}"
        many = plural(first)
    inline = said and name[:1].islower() and len(said) <= _SAID and said.split(" ", 1)[0].casefold() in FLOWING
    first = f"{first} {said}" if inline else first
    looks = _looks(rest if inline else "; ".join(filter(None, (said.removeprefix("with "), rest))))
    return Person(name=name, full=f"{first} ({looks})" if looks else first, plural=many)


def _looks(text: str) -> str:
    """Fit to stand in brackets."""
    text = re.sub(r"[()（）]", "", text)
    text = re.sub(r"\.\s+", "; ", text)
    text = re.sub(r"; (She|He|They|It|Her|His|Their|The|A|An)\b", lambda found: found.group(0).lower(), text)
    return shorten(text.strip(" ,;."), _LOOKS)


def _split(text: str) -> tuple[str, str, str]:
    """The one who is meant, what is said about them in the same breath (`with a silver beard`), and the rest."""
    found = re.search(r"\s*[,:;(（、，：،؛]\s*|\s+[–—-]\s+|[.!?]\s+|[。！？]", text)
    head, rest = (text[: found.start()], text[found.end() :]) if found else (text, "")
    said = ""
    words = head.split(" ")
    for at, word in enumerate(words):
        if at and word.casefold() in _CONNECTORS:
            said = " ".join(words[at:] if word.casefold() not in ("is", "has") else words[at + 1 :])
            head = " ".join(words[:at])
            break
    head = head.strip(" .,;:–—-\"“”'") or text.strip() or "the lead"
    if len(head) > _NAME:
        return shorten(head, _NAME), "", text
    return head, said, rest.strip()


def _is_name(head: str) -> bool:
    words = head.split(" ")
    first = words[0].casefold()
    if not latin(head):
        return True
    if first in DETERMINERS or (len(words) == 1 and first in KINDS):
        return False
    return all(word[:1].isupper() or not word[:1].isalpha() or word.casefold() in PARTICLES for word in words)


def _lowered(head: str) -> str:
    """`Young woman` begins a sentence, `MC` does not."""
    return head[:1].lower() + head[1:] if head[1:2].islower() or head[1:2] == " " else head
