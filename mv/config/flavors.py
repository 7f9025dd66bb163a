"""A flavor is `default/` with the keys laid over it that its own folder names. Mappings merge; all else is replaced."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mv.config.mistakes import checked, mistake, suggestion
from mv.config.model import Flavor, ImageParams, ImagePrompts, SceneParams, ScenePrompts
from mv.config.prompts import check_template
from mv.config.templates import TemplateMistake
from mv.config.yamlfile import WHOLE_FILE, Document, KeyPath, dotted, read
from mv.domain.engine import Engine, Makes
from mv.errors import ConfigMistake

DEFAULT = "default"
PARTS = ("scene_params", "scene_prompts", "image_params", "image_prompts")
NAME = re.compile(r"[a-z0-9_]{1,40}")

Parts = Mapping[str, Document]


def read_default(folder: Path) -> Parts:
    """All four files of `default/`."""
    if not (folder / DEFAULT).is_dir():
        raise ConfigMistake(DEFAULT, 0, WHOLE_FILE, "this folder; it is missing")
    _only_known_files(folder, DEFAULT)
    return {part: read(folder, f"{DEFAULT}/{part}.yaml") for part in PARTS}


def read_flavor(folder: Path, name: str, default: Parts) -> Parts:
    """The files a flavor has, laid over those of `default/`."""
    if not NAME.fullmatch(name):
        raise ConfigMistake(name, 0, WHOLE_FILE, "a flavor's name of a-z, 0-9 and _, up to 40 characters")
    _only_known_files(folder, name)
    parts = dict(default)
    for part in PARTS:
        file = f"{name}/{part}.yaml"
        if (folder / file).exists():
            parts[part] = laid_over(default[part], read(folder, file))
    return parts


def laid_over(base: Document, top: Document) -> Document:
    """The base with every key that the top names."""
    places = dict(base.places)
    value = _merged(base.value, top.value, places, ())
    return Document(top.file, value, {**places, **top.places})


def build(name: str, parts: Parts, engines: Mapping[str, Engine], seen: set[tuple[str, ...]]) -> Flavor:
    """Checks a flavor and makes it. `seen` holds the templates that were tried already. Raises ConfigMistake."""
    flavor = Flavor(
        name=name,
        label=name.replace("_", " ").capitalize(),
        scene_params=checked(SceneParams, parts["scene_params"]),
        scene_prompts=checked(ScenePrompts, parts["scene_prompts"]),
        image_params=checked(ImageParams, parts["image_params"]),
        image_prompts=checked(ImagePrompts, parts["image_prompts"]),
        sources=_sources(parts),
    )
    _check_engines(parts["scene_params"], flavor.scene_params.engines, Makes.SCENES, engines)
    _check_engines(parts["image_params"], flavor.image_params.engines, Makes.IMAGES, engines)
    _check_seconds(name, parts["scene_params"], flavor.scene_params)
    _check_ratio(name, parts["image_params"], flavor.image_params, engines)
    _check_templates(parts, flavor, seen)
    return flavor


def _only_known_files(folder: Path, name: str) -> None:
    known = [f"{part}.yaml" for part in PARTS]
    for path in sorted((folder / name).iterdir()):
        if not path.name.startswith(".") and path.name not in known:
            hint = suggestion(path.name, known) or "; known are " + ", ".join(known)
            raise ConfigMistake(f"{name}/{path.name}", 0, WHOLE_FILE, f"no file of this name{hint}")


def _merged(base: dict[str, Any], top: dict[str, Any], places: dict[KeyPath, Any], path: KeyPath) -> dict[str, Any]:
    result = dict(base)
    for key, value in top.items():
        here = (*path, key)
        held = base.get(key)
        if isinstance(held, dict) and isinstance(value, dict):
            result[key] = _merged(held, value, places, here)
        else:
            result[key] = value
            for below in [place for place in places if place[: len(here)] == here]:
                del places[below]
    return result


def _sources(parts: Parts) -> dict[str, str]:
    """Dotted key of every value → the flavor whose file names it. A list is one value."""
    sources: dict[str, str] = {}
    for part, document in parts.items():
        for path in _leaves(document.value, ()):
            sources[dotted((part, *path))] = document.place(path).file.split("/")[0]
    return sources


def _leaves(value: dict[str, Any], path: KeyPath) -> list[KeyPath]:
    leaves: list[KeyPath] = []
    for key, below in value.items():
        leaves += _leaves(below, (*path, key)) if isinstance(below, dict) and below else [(*path, key)]
    return leaves


def _check_engines(document: Document, names: tuple[str, ...], makes: Makes, engines: Mapping[str, Engine]) -> None:
    fit = [engine.name for engine in engines.values() if engine.makes is makes]
    for index, name in enumerate(names):
        if name not in fit:
            hint = suggestion(name, fit) or "; there are " + ", ".join(fit)
            expected = f"an engine of models.yaml that makes {makes.value}, not {name}{hint}"
            raise mistake(document, ("engines", index), expected)
        if name in names[:index]:
            raise mistake(document, ("engines", index), f"each engine once; {name} stands above already")


def _check_seconds(name: str, document: Document, params: SceneParams) -> None:
    if params.shortest_scene_seconds <= params.longest_scene_seconds:
        return
    longest, shortest = ("longest_scene_seconds",), ("shortest_scene_seconds",)
    if _is_own(name, document, longest) or not _is_own(name, document, shortest):
        raise mistake(document, longest, f"at least shortest_scene_seconds, which is {params.shortest_scene_seconds:g}")
    raise mistake(document, shortest, f"at most longest_scene_seconds, which is {params.longest_scene_seconds:g}")


def _check_ratio(name: str, document: Document, params: ImageParams, engines: Mapping[str, Engine]) -> None:
    ratio = params.defaults.aspect_ratio
    for index, engine in enumerate(engines[engine] for engine in params.engines):
        if engine.aspect_ratios and ratio not in engine.aspect_ratios:
            path: KeyPath = ("defaults", "aspect_ratio")
            expected = f"one of {', '.join(engine.aspect_ratios)}, which {engine.name} takes"
            if _is_own(name, document, ("engines",)) and not _is_own(name, document, path):
                path = ("engines", index)
                expected = f"engines that take the aspect ratio {ratio}; {engine.name} does not"
            raise mistake(document, path, expected)


def _is_own(name: str, document: Document, path: KeyPath) -> bool:
    """Whether the flavor's own file says it."""
    return document.place(path).file.startswith(f"{name}/")


def _check_templates(parts: Parts, flavor: Flavor, seen: set[tuple[str, ...]]) -> None:
    """`look` comes first, for the others are tried with it."""
    for part in ("scene_prompts", "image_prompts"):
        for key, template in getattr(flavor, part):
            if (part, key, template) in seen:
                continue
            try:
                check_template(part, key, flavor)
            except TemplateMistake as error:
                place = parts[part].place((key,))
                raise ConfigMistake(place.file, place.line_of(error.line), key, error.expected) from error
            seen.add((part, key, template))
