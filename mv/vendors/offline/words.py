"""English as the drafts need it: articles, verb forms, sentences, and cutting a text where a reader would.

It knows only what the grammar of the drafts asks for. Text in other scripts passes through untouched.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from mv.vendors.offline.lexicon import DANGLING, DETERMINERS, PLURAL_DETERMINERS, POSTMODIFIERS, SMALL, UNCOUNTED

_NOT_PLURAL = ("ss", "us", "is", "as", "’s", "'s")
_VERB = {"be": "is", "have": "has", "do": "does", "go": "goes", "are": "is"}
_BASE = {"is": "are", "has": "have", "does": "do", "goes": "go", "was": "were"}
_JOINERS = "‍️⃣"


def squeeze(text: str) -> str:
    """On one line, single spaces, without control characters; everything else as it was."""
    kept = "".join(
        " " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs")
    )
    return " ".join(kept.split())


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters with the ellipsis, cut between words and not after "the"; a text without spaces is cut
    between characters, never inside an emoji."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    if text[limit - 1] != " " and " " in cut[limit // 2 :]:
        cut = cut.rsplit(" ", 1)[0]
    while cut and (text[len(cut)] in _JOINERS or unicodedata.combining(text[len(cut)]) or cut[-1] == _JOINERS[0]):
        cut = cut[:-1]
    words = cut.split(" ")
    while len(words) > 1 and words[-1].casefold() in DANGLING:
        words.pop()
    return " ".join(words).rstrip(" ,;:.–—-(/&") + "…"


def first_sentence(text: str) -> str:
    """Up to the first full stop, if that says enough on its own."""
    found = re.match(r".{20,}?[^\W\d_]{2}(?=[.!?。！？](\s|$))", text)
    return found.group(0) if found else text.rstrip(" .")


def latin(text: str) -> bool:
    """Whether its first letter is a Latin one."""
    letter = next((c for c in text if c.isalpha()), "")
    return bool(letter) and "LATIN" in unicodedata.name(letter, "")


def a_or_an(word: str) -> str:
    """By sound, as well as letters tell it."""
    plain = word.lstrip("“\"'‘(").casefold()
    if re.match(r"(8|11\b|18\b|hour|honest|heir|honou?r)", plain):
        return "an"
    if re.match(r"(one\b|once|uni(?!n|m)|use|usu|eu|ewe|u[rk]u|ut[eo])", plain):
        return "a"
    if re.match(r"[FHLMNRSX][A-Z0-9]", word):
        return "an"
    return "an" if plain[:1] in "aeiouáéíóúàèäöü" and plain[:1] else "a"


def head_noun(phrase: str) -> str:
    """`a tin boat with oars` → `boat`."""
    words: list[str] = re.findall(r"[\w’'-]+", phrase.split(",", 1)[0])
    for at, word in enumerate(words):
        if at and word.casefold() in POSTMODIFIERS:
            return words[at - 1]
    return words[-1] if words else ""


def plural(phrase: str) -> bool:
    """Whether a noun phrase takes a plural verb."""
    first = phrase.split(" ", 1)[0].casefold()
    if first in PLURAL_DETERMINERS:
        return True
    if first in ("a", "an", "one", "each", "every", "this"):
        return False
    noun = head_noun(phrase).casefold()
    regular = noun.endswith("s") and not noun.endswith(_NOT_PLURAL)
    return regular or noun in ("people", "children", "men", "women", "twins")


def with_article(phrase: str) -> str:
    """`elderly keeper` → `an elderly keeper`; what has a determiner, a name, a plural or another script stays, but a
    wrong `a` or `an` is mended."""
    first, _, rest = phrase.partition(" ")
    if first.casefold() in ("a", "an") and rest:
        return f"{a_or_an(rest)} {rest}"
    bare = not first or first.casefold() in DETERMINERS or first[0].isdigit() or first[:1].isupper() or not latin(first)
    if bare or plural(phrase) or head_noun(phrase).casefold() in UNCOUNTED:
        return phrase
    return f"{a_or_an(first)} {phrase}"


def without_article(phrase: str) -> str:
    """`the old pier` → `old pier`."""
    first, _, rest = phrase.partition(" ")
    return rest if first.casefold() in ("a", "an", "the") and rest else phrase


def third_person(verb: str) -> str:
    """`walk` → `walks`; what ends in s is taken to be one already."""
    low = verb.casefold()
    if low in _VERB:
        return _VERB[low]
    if low.endswith("s") and not low.endswith("ss"):
        return verb
    if re.search(r"(ss|x|ch|sh|z|o)$", low):
        return verb + "es"
    if re.search(r"[^aeiou]y$", low):
        return verb[:-1] + "ies"
    return verb + "s"


def bare_verb(verb: str) -> str:
    """`walks` → `walk`, `is` → `are`: as it follows a plural."""
    low = verb.casefold()
    if low in _BASE:
        return _BASE[low]
    if low.endswith("ies") and len(low) > 4:
        return verb[:-3] + "y"
    if re.search(r"(ss|x|ch|sh|zz|o)es$", low):
        return verb[:-2]
    return verb[:-1] if low.endswith("s") and not low.endswith("ss") else verb


def title_case(text: str) -> str:
    """Capitals for all but the small words in the middle; words with capitals of their own keep them."""
    words = text.split(" ")
    last = len(words) - 1
    return " ".join(
        word if word.casefold() in SMALL and 0 < at < last and word.islower() else _capital(word)
        for at, word in enumerate(words)
    )


def sentence(text: str) -> str:
    """Begins with a capital and ends with one mark."""
    text = tidy(text.strip())
    if not text:
        return text
    text = _capital(text)
    return text if text.endswith((".", "!", "?", "…", "。", "！", "？", ".”", "!”", "?”")) else text + "."


def tidy(text: str) -> str:
    """Takes out what joining leaves behind: doubled spaces, commas, stops and little words."""
    text = re.sub(r"\s+([,;:.!?])(?=\s|$)", r"\1", re.sub(r"\s{2,}", " ", text))
    text = re.sub(r"([,;:])(\s*[,;:])+", r"\1", text)
    text = re.sub(r"(?<!\.)\.\.(?!\.)|[,;:]\.(?!\.)", ".", text)
    text = re.sub(r"([!?…])\.(?!\.)", r"\1", text)
    return re.sub(r"\b(the|a|an|in|on|at|of|with|and|to|is|are)( \1\b)+", r"\1", text, flags=re.IGNORECASE)


def listed(parts: Iterable[str]) -> str:
    """With commas, empty ones and repetitions left out."""
    seen: dict[str, str] = {}
    for part in parts:
        clean = part.strip(" ,;.")
        if clean:
            seen.setdefault(clean.casefold(), clean)
    return ", ".join(seen.values())


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:] if word[:1].islower() and len(word[:1].upper()) == 1 else word
