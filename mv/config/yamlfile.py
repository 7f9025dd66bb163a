"""Reads one YAML file as plain values, and remembers on which line each key stands.

Stricter and plainer than YAML 1.1: every key once, no tags, no merge keys; `16:9`, `yes` and `2026-10-07` stay the text
they look like, and only `true`, `false`, decimal numbers and nothing at all are more than text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml

from mv.errors import ConfigMistake

KeyPath = tuple[str | int, ...]

WHOLE_FILE = "(file)"
"""Stands for the key where a mistake concerns no key."""
MAX_BYTES = 1_000_000
MAX_NODES = 50_000
"""Values in a file once its aliases are written out: stops an alias bomb."""
MAX_DEPTH = 20

_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value"))
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?[0-9][0-9_]*\.[0-9]*(?:[eE][-+][0-9]+)?")
_KEY_LINE = re.compile(r"\s*(?:- )*([\w.-]+)\s*:(?:\s|$)")
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc]  # which base it is depends on how PyYAML was built
    """Refuses deep nesting while it parses: the C parser would crash the process."""

    depth = 0

    def descend_resolver(self, node: yaml.Node | None, index: object) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH and node is not None:
            raise yaml.MarkedYAMLError(
                problem=f"values nested more than {MAX_DEPTH} deep", problem_mark=node.start_mark
            )

    def ascend_resolver(self) -> None:
        self.depth -= 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key stands. `text_line` is the file's line of the first line of its text."""

    file: str
    line: int
    text_line: int
    is_block: bool = False
    """A literal block (`|`): its lines are the file's lines."""

    def line_of(self, line: int) -> int:
        """The file's line of a line (from 1) of this key's text, as well as can be told."""
        return self.text_line + line - 1 if self.is_block else self.text_line


@dataclass(frozen=True, slots=True)
class Document:
    """The values of one file, or of a file with another laid over it."""

    file: str
    value: dict[str, Any]
    places: dict[KeyPath, Place]

    def place(self, path: KeyPath) -> Place:
        """Where a key stands, or the nearest key above it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(self.file, 1, 1))


def read(folder: Path, file: str) -> Document:
    """Reads `folder/file`. Raises ConfigMistake."""
    text = _text(folder, file)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        _syntax(file, text, error)
    except yaml.YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        raise ConfigMistake(file, line, _key_above(text, line), "text without control characters") from error
    if node is None:
        raise ConfigMistake(file, 1, WHOLE_FILE, "at least one key; the file is empty")
    if not isinstance(node, yaml.MappingNode):
        raise ConfigMistake(file, node.start_mark.line + 1, WHOLE_FILE, "keys with values, such as `key: value`")
    builder = _Builder(file)
    return Document(file, builder.mapping(node, ()), builder.places)


def dotted(path: KeyPath) -> str:
    """`defaults.count`, `allowances[0].limit`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or WHOLE_FILE


def _text(folder: Path, file: str) -> str:
    try:
        with (folder / file).open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ConfigMistake(file, 0, WHOLE_FILE, "this file; it is missing") from error
    except OSError as error:
        raise ConfigMistake(file, 0, WHOLE_FILE, f"a file that can be read ({error.strerror})") from error
    if len(raw) > MAX_BYTES:
        raise ConfigMistake(file, 1, WHOLE_FILE, f"at most {MAX_BYTES:,} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigMistake(file, line, WHOLE_FILE, "text in UTF-8; there is a byte here that is not") from error


def _syntax(file: str, text: str, error: yaml.MarkedYAMLError) -> NoReturn:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    lines = text.splitlines() or [""]
    here = lines[min(line, len(lines)) - 1]
    if "\t" in here[: len(here) - len(here.lstrip())]:
        expected = "spaces at the start of the line; a tab cannot indent"
    else:
        expected = f"valid YAML; here: {error.problem or error.context or 'a syntax error'}"
    raise ConfigMistake(file, line, _key_above(text, line), expected) from error


def _key_above(text: str, line: int) -> str:
    for candidate in reversed(text.splitlines()[:line]):
        if found := _KEY_LINE.match(candidate):
            return found[1]
    return WHOLE_FILE


class _Builder:
    """Turns nodes into values and notes their places."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: dict[KeyPath, Place] = {}
        self.nodes = 0

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConfigMistake(self.file, line, dotted(path), "a plain word as the key")
            key = str(key_node.value)
            here = (*path, key)
            if key in result:
                first = self.places[here].line
                raise ConfigMistake(self.file, line, dotted(here), f"each key once; it stands on line {first} already")
            self._note(here, line, value_node)
            result[key] = self.value(value_node, here)
        return result

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._refuse(node, path, f"at most {MAX_NODES:,} values, aliases written out")
        if len(path) > MAX_DEPTH:
            self._refuse(node, path, f"values nested at most {MAX_DEPTH} deep")
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self._item(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag in _PLAIN_TAGS:
            return _scalar(node)
        return self._refuse(node, path, f"a plain value without the tag {node.tag}")

    def _item(self, node: yaml.Node, path: KeyPath) -> Any:
        self._note(path, node.start_mark.line + 1, node)
        return self.value(node, path)

    def _note(self, path: KeyPath, line: int, node: yaml.Node) -> None:
        is_block = isinstance(node, yaml.ScalarNode) and node.style == "|"
        first = node.start_mark.line + (2 if is_block else 1)
        self.places[path] = Place(self.file, line, first, is_block)

    def _refuse(self, node: yaml.Node, path: KeyPath, expected: str) -> NoReturn:
        key = path
        while key and isinstance(key[-1], int):
            key = key[:-1]
        line = self.places[key].line if key else node.start_mark.line + 1  # an alias has the line of its anchor
        raise ConfigMistake(self.file, line, dotted(path), expected)


def _scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    text = str(node.value)
    kind = node.tag.removeprefix(_TAG)
    if kind == "null":
        return None
    if kind == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind == "int" and _INT.fullmatch(text):
        return int(text)
    if kind == "float" and _FLOAT.fullmatch(text):
        return float(text)
    return text
