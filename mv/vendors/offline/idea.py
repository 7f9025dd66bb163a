"""What an idea is made of, as far as reading without understanding goes: things, places, and what somebody does.

English is read by its small words. An idea in another language gives whole words of its own, which the drafts then
quote instead of bending them into English grammar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mv.vendors.offline.lexicon import (
    AFTER_NAMES,
    ARTICLES,
    BEFORE_VERBS,
    BREAKS,
    CLAUSES,
    FOREIGN,
    KINDS,
    NO_PLACE,
    OWNERS,
    PAST,
    PLACE_WORDS,
    SETTINGS,
    VERBS,
)
from mv.vendors.offline.words import latin, plural, shorten, squeeze, third_person, without_article


@dataclass(frozen=True, slots=True)
class Motif:
    """A thing of the idea. `text` stands in a sentence (`the storm`, `Tokyo`, `“Leuchtturm”`), `bare` in a title."""

    text: str
    bare: str
    plural: bool = False
    person: bool = False


@dataclass(frozen=True, slots=True)
class Idea:
    """`deeds` are verb phrases in the third person, `places` noun phrases with their preposition. Who does
    the deeds is no motif: that part is played by the character."""

    text: str
    motifs: tuple[Motif, ...]
    english: bool = False
    deeds: tuple[str, ...] = ()
    places: tuple[tuple[str, str], ...] = ()


def read_idea(text: str) -> Idea:
    """Never without a motif: of an idea that cannot be read, the idea itself, shortened, is the motif."""
    text = squeeze(text)
    words = [word.casefold() for word in re.findall(r"[\w’'-]+", text)]
    foreign = sum(word in FOREIGN for word in words)
    english = sum(word in BREAKS or word in ARTICLES for word in words)
    if not latin(text):
        return Idea(text, (_quoted(text),))
    if foreign > english:
        return Idea(text, _foreign(text))
    return _english(text)


def _quoted(text: str) -> Motif:
    bare = shorten(text.strip(' .!?"“”„'), 40) or "…"
    return Motif(f"“{bare}”", bare)


def _foreign(text: str) -> tuple[Motif, ...]:
    """The longest words between small ones; of German the nouns, which carry capitals."""
    words = [w for w in re.findall(r"[^\W\d_][\w’'-]*", text) if w.casefold() not in FOREIGN and len(w) > 3]
    nouns = [word for word in words[1:] if word[0].isupper()]
    chosen = nouns if len(nouns) >= 2 else sorted(set(words), key=lambda word: (-len(word), words.index(word)))
    return tuple(_quoted(word) for word in dict.fromkeys(chosen[:5])) or (_quoted(text),)


def _english(text: str) -> Idea:
    motifs: dict[str, Motif] = {}
    actors: set[str] = set()
    deeds: list[str] = []
    places: list[tuple[str, str]] = []
    settings: list[tuple[str, str]] = []
    for clause in re.split(r"[.,;:!?()\[\]{}…|/\"“”–—]+|\s-\s|[^\x00-ɏ‘’]+", text):
        tokens = re.findall(r"[\w’'-]+", clause)
        deed, verb_at = _deed(tokens)
        deeds += [deed] if deed else []
        for chunk in _chunks(tokens):
            motif = _motif(chunk, text)
            if chunk.thing():
                motifs.setdefault(motif.bare.casefold(), motif)
            if chunk.end <= verb_at:
                actors.add(motif.bare.casefold())
            places += chunk.places()
            settings += chunk.settings()
    things = [motif for key, motif in motifs.items() if key not in actors]
    if len(things) < 2:
        things += [_motif(_Chunk((name.removeprefix("the "),), "the", "", 0), "") for _, name in settings]
    unique = {motif.text.casefold(): motif for motif in things or motifs.values() or [_quoted(text)]}
    found = tuple(unique.values())[:6]
    return Idea(text, found, True, tuple(dict.fromkeys(deeds))[:3], tuple(dict.fromkeys(places + settings))[:3])


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Words between small words: `determiner` and `preposition` are what stood before, in lower case or empty; `end` is
    the place of the word behind."""

    words: tuple[str, ...]
    determiner: str
    preposition: str
    end: int

    def places(self) -> list[tuple[str, str]]:
        """`in Tokyo`, `under the ice`."""
        low = {word.casefold() for word in self.words}
        if self.preposition not in PLACE_WORDS or NO_PLACE & low or any(word.endswith("ing") for word in low):
            return []
        preposition = {"into": "in", "across": "in", "through": "in"}.get(self.preposition, self.preposition)
        determiner = "the" if self.determiner in OWNERS else self.determiner
        return [(preposition, f"{determiner} {' '.join(self.words)}".strip())]

    def settings(self) -> list[tuple[str, str]]:
        """Places that the idea only mentions: `at the lighthouse` of a lighthouse keeper."""
        low = [word.casefold() for word in self.words]
        if low[-1] in SETTINGS and not self.preposition:
            return [("at", f"the {' '.join(self.words)}")]
        return [("at", f"the {word}") for word in low[:-1] if word in SETTINGS]

    def thing(self) -> bool:
        """Whether it is worth a picture: `fall in love` has no thing called love, and the 80s are none either."""
        low = self.words[-1].casefold()
        lost = self.preposition == "in" and low == "love"
        return (
            not lost
            and low not in ("end", "beginning", "way", "while")
            and not low.endswith("ing")
            and re.fullmatch(r"\d+s?", low) is None
        )


def _chunks(tokens: list[str]) -> list[_Chunk]:
    chunks: list[_Chunk] = []
    words: list[str] = []
    determiner = preposition = ""
    for at, token in enumerate([*tokens, "and"]):
        low = token.casefold()
        verb = at < len(tokens) and _is_verb(tokens, at, bool(words))
        if low not in BREAKS and low not in ARTICLES and not verb:
            words.append(token)
            continue
        if words and any(c.isalpha() for c in words[-1]):
            chunks.append(_Chunk(tuple(words[-3:]), determiner, preposition, at))
            determiner = preposition = ""
        words = []
        if low in ARTICLES:
            determiner = low
        elif low in PLACE_WORDS:
            determiner, preposition = "", low
        else:
            determiner = preposition = ""
    return chunks


def _is_verb(tokens: list[str], at: int, after_noun: bool) -> bool:
    """`dream` may be a noun; it is a verb after `to` or `they`, after a plural, or before an article."""
    low = tokens[at].casefold()
    previous = tokens[at - 1].casefold() if at else ""
    following = tokens[at + 1].casefold() if at + 1 < len(tokens) else ""
    if low in PAST:
        return after_noun
    if not _stems(low) & VERBS:
        return False
    if low in VERBS:
        asked = previous in ("to", "who", "that", "they", "we", "i", "you")
        return asked or (after_noun and (plural(previous) or following in ARTICLES))
    after_verb = previous.endswith("s") and bool(_stems(previous) & VERBS)
    return after_noun or after_verb or low.endswith("ing") or previous in BEFORE_VERBS


def _stems(low: str) -> set[str]:
    cut = {low.removesuffix(end) for end in ("s", "es", "d", "ed", "ing")}
    doubled = {stem[:-1] for stem in cut if stem[-1:] == stem[-2:-1]}
    return cut | doubled | {low.removesuffix("ing") + "e", re.sub(r"(ies|ied|ying)$", "y", low)}


def _deed(tokens: list[str]) -> tuple[str, int]:
    """`paints the storm` of `a keeper who paints the storm`, and where its verb stands: present tense, at most nine
    words, without the hour. Empty and 0 if there is none."""
    for at, token in enumerate(tokens):
        low = token.casefold()
        previous = tokens[at - 1].casefold() if at else "to"
        if low.endswith(("ing", "ed")) or low in PAST or previous in ARTICLES | PLACE_WORDS | {"to", "of"}:
            continue
        if not _is_verb(tokens, at, previous not in BREAKS):
            continue
        rest = tokens[at + 1 :]
        stop = next((n for n, word in enumerate(rest) if word.casefold() in CLAUSES), len(rest))
        phrase = " ".join([third_person(low), *rest[:stop]])
        phrase = re.sub(r"\s(at|by|in the|before) (dawn|night|dusk|midnight|noon|sunrise|sunset|\d+s)$", "", phrase)
        words = phrase.split(" ")
        while len(words) > 1 and words[-1].casefold() in BREAKS | ARTICLES:
            words.pop()
        return (" ".join(words), at) if 1 < len(words) <= 9 else ("", 0)
    return "", 0


def _motif(chunk: _Chunk, text: str) -> Motif:
    words = list(chunk.words)
    opening = text.split(" ")
    following = opening[1].strip(",.;:!?") if len(opening) > 1 else ""
    if (
        opening[0].startswith(words[0])
        and following.islower()
        and following not in AFTER_NAMES
        and words[0][1:].islower()
    ):
        words[0] = words[0].lower()
    bare = " ".join(words)
    proper = not chunk.determiner and all(word[:1].isupper() or word[:1].isdigit() for word in words)
    whole = bare if proper else f"the {without_article(bare)}"
    last = words[-1].casefold()
    person = last in KINDS or re.search(r".{3}(er|or|ist|ian|man|woman)s?$", last) is not None
    return Motif(shorten(whole, 60), shorten(bare, 56), plural(bare) and not proper, person)


def has_place(deed: str) -> bool:
    """Whether a verb phrase says itself where it happens."""
    return any(word in PLACE_WORDS for word in deed.casefold().split(" ")[1:])
