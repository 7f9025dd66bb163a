"""Prompt templates, in Jinja2's sandbox: checked once at the start, rendered once a prompt.

What members typed goes in as values and is never read as a template. It is written out as it was typed: prompts are
plain text, and the fence around it (`fence`) is a mark that occurs in none of it.
"""

from __future__ import annotations

import difflib
import hashlib
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

MEMBER_TEXTS = ("idea", "character", "traits", "video_type", "style", "camera")
SCENE_VARIABLES = frozenset({*MEMBER_TEXTS, "count", "flavor", "shortest", "longest", "vocabulary", "fence"})
MORE_VARIABLES = SCENE_VARIABLES | {"have", "missing", "current", "instructions"}
REVISE_VARIABLES = SCENE_VARIABLES | {"current", "instructions"}
REVISE_SCENE_VARIABLES = REVISE_VARIABLES | {"number", "scene", "before", "after"}
PICTURE_VARIABLES = frozenset({"description", "name", "aspect_ratio", "flavor", "take", "images"})
VARY_VARIABLES = PICTURE_VARIABLES | {"instructions", "reference"}


@dataclass
class TemplateMistake(Exception):
    """A template that cannot be used. `line` counts from 1 within the template."""

    line: int
    expected: str


def render(template: str, values: Mapping[str, Any]) -> str:
    """The finished text."""
    return _compiled(template).render(values)


def check(template: str, variables: frozenset[str], sample: Mapping[str, Any]) -> None:
    """Finds syntax errors, unknown variables, what the sandbox forbids, and what fails on sample values.
    Raises TemplateMistake."""
    try:
        tree = _environment().parse(template)
        _check_names(tree, variables)
        _check_reach(tree)
        render(template, sample)
    except TemplateSyntaxError as error:
        raise TemplateMistake(error.lineno, f"a Jinja2 template; here: {error.message}") from error
    except TemplateMistake:
        raise
    except Exception as error:  # a template can fail in any way that Python can
        message = f"a template that renders; here: {type(error).__name__}: {error}"
        raise TemplateMistake(_line_of(error), message) from error


def fence_for(texts: Iterable[str]) -> str:
    """Eight characters that occur in none of the texts; the same for the same texts."""
    joined = "\0".join(texts)
    salt = 0
    while True:
        fence = hashlib.sha256(f"{salt}\0{joined}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
        if fence not in joined:
            return fence
        salt += 1


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        autoescape=False, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, cache_size=0
    )
    safe_range = environment.globals["range"]
    environment.globals.clear()
    environment.globals["range"] = safe_range
    return environment


@lru_cache(maxsize=512)
def _compiled(template: str) -> Template:
    return _environment().from_string(template)


def _check_names(tree: nodes.Template, variables: frozenset[str]) -> None:
    unknown = meta.find_undeclared_variables(tree) - variables - set(_environment().globals)
    for name in tree.find_all(nodes.Name):
        if name.name in unknown:
            near = difflib.get_close_matches(name.name, variables, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            known = ", ".join(sorted(variables))
            raise TemplateMistake(name.lineno, f"a variable of this template ({known}), not {name.name}{hint}")


def _check_reach(tree: nodes.Template) -> None:
    """What the sandbox would refuse only when it gets there is refused here, also in branches no sample reaches."""
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        raise TemplateMistake(node.lineno, "a template that stands alone: no include, import or extends")
    for access in tree.find_all((nodes.Getattr, nodes.Getitem)):
        name = _accessed(access)
        if name.startswith("_"):
            raise TemplateMistake(access.lineno, f"plain values; {name} is out of reach for a template")


def _accessed(node: nodes.Expr) -> str:
    """The attribute's name, as far as it stands in the template."""
    if isinstance(node, nodes.Getattr):
        return node.attr
    key = node.arg if isinstance(node, nodes.Getitem) else None
    return key.value if isinstance(key, nodes.Const) and isinstance(key.value, str) else ""


def _line_of(error: Exception) -> int:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return (lines[-1] if lines else None) or 1
