"""The rules of the house, for every cog there is."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from types import FunctionType

import pytest
from discord import app_commands
from discord.ext import commands

from bot.client import COGS
from bot.ui.custom_ids import Action, ListOf
from bot.ui.error_words import WORDS, heading, words
from bot.ui.forms import Form
from mv import errors as e
from tests.bot.world import World

LINES = 15
SQL = re.compile(r"\b(select|insert|update|delete)\b.*\b(from|into|set|where)\b", re.IGNORECASE)


def methods() -> Iterator[tuple[str, FunctionType]]:
    for cog in COGS:
        ours = [part for part in reversed(cog.__mro__) if part.__module__.startswith("bot.")]
        for name, member in {name: member for part in ours for name, member in vars(part).items()}.items():
            function = member.callback if isinstance(member, app_commands.Command) else member
            if inspect.isfunction(function) and name != "__init__":
                yield f"{cog.__name__}.{name}", function


METHODS = dict(methods())


def body_of(function: FunctionType) -> ast.AsyncFunctionDef | ast.FunctionDef:
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(tree, ast.AsyncFunctionDef | ast.FunctionDef)
    return tree


def test_there_are_methods_to_look_at() -> None:
    assert len(METHODS) > 40
    assert "ScenesCog.create" in METHODS


@pytest.mark.parametrize("name", METHODS)
def test_a_cog_method_is_translate_call_show(name: str) -> None:
    tree = body_of(METHODS[name])
    statements = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    first, last = statements[0].lineno, statements[-1].end_lineno or 0
    assert last - first + 1 <= LINES
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Try)]
    texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    assert not [text for text in texts if SQL.search(text)]


@pytest.mark.parametrize("cog", COGS)
def test_every_command_and_cog_says_what_it_is(cog: type[commands.Cog]) -> None:
    assert inspect.getdoc(cog)
    for command in cog.__cog_app_commands__:
        assert command.description != "…"
        for parameter in getattr(command, "parameters", []):
            assert 1 <= len(str(parameter.description)) <= 100
            assert str(parameter.description) != "…"


ABSTRACT = {e.MvError, e.Refused, e.VendorError, e.StartError}
CONCRETE = [k for k in e.error_types().values() if k not in ABSTRACT and not issubclass(k, e.StartError)]


@pytest.mark.parametrize("kind", CONCRETE, ids=lambda kind: kind.__name__)
def test_every_error_has_words(kind: type[e.MvError]) -> None:
    spoken = [parent for parent in kind.__mro__ if parent in WORDS]
    assert spoken
    assert spoken[0] is not e.MvError
    said = words(_sample(kind))
    assert said.what
    assert heading(_sample(kind))


def _sample(kind: type[e.MvError]) -> e.MvError:
    values = {
        "str": "x",
        "int": 3,
        "float | None": None,
        "int | None": None,
        "tuple[str, ...]": ("a", "b"),
        "tuple[int, ...]": (1, 3),
    }
    fields = kind.__dataclass_fields__.values()
    return kind(**{field.name: values[str(field.type)] for field in fields})


def test_no_words_are_without_their_error() -> None:
    assert set(WORDS) <= set(e.error_types().values())


async def test_every_button_list_and_form_is_answered_by_one_cog(world: World) -> None:
    made = [kind(world.app, world.bot.courier) for kind in COGS]
    pressed = [item for cog in made if hasattr(cog, "presses") for item in cog.presses()]
    templates = [item.__discord_ui_compiled_template__.pattern for item in pressed]
    for action in Action:
        assert len([t for t in templates if t.startswith(f"mv:{re.escape(action.value)}:")]) == 1, action
    for what in ListOf:
        assert len([t for t in templates if t.startswith(r"mv:list\.") and f">{what.value})" in t]) == 1, what
    assert len(templates) == len(Action) + len(ListOf)
    forms = [form for cog in made if hasattr(cog, "sent_forms") for form in cog.sent_forms()]
    assert sorted(forms) == sorted(Form)
