"""A scene list as files: `scenes.json` for programs (its schema is beside this file), `scenes.md` to read and print."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

from mv.domain.money import dollars
from mv.domain.scenes import Scene, SceneListView, SceneVersion

SCHEMA_VERSION = 1

_MARKUP = re.compile(r"[\\`*_\[\]<>&|~]|^[#+\-=](?=[#+\-= ]|$)|:(?=//)", re.MULTILINE)
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
"""Controls, and marks that would turn the direction of what stands behind them."""
_NUMBERED = re.compile(r"^(\d{1,9})([.)])", re.MULTILINE)
_REQUEST = ("idea", "character", "count", "traits", "video_type", "style", "camera", "flavor", "project")


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) that every `scenes.json` keeps."""
    text = resources.files(__package__).joinpath("scenes.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def scenes_json(view: SceneListView) -> bytes:
    """UTF-8, indented, one key after the other as the schema lists them."""
    record, version = view.record, view.version
    content = {
        "schema_version": SCHEMA_VERSION,
        "ref": str(record.ref),
        "version": version.number,
        "title": version.draft.title,
        "logline": version.draft.logline,
        "palette": list(version.draft.palette),
        "request": dict(version.request),
        "defaults_applied": dict(version.defaults_applied),
        "flavor": version.brief.flavor,
        "engine": version.engine,
        "model_version": version.model_version,
        "usage": version.usage.model_dump(),
        "cost": version.cost,
        "scenes": [
            {"number": number, **scene.model_dump(mode="json")}
            for number, scene in enumerate(version.draft.scenes, start=1)
        ],
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode("utf-8", errors="replace")


def scenes_markdown(view: SceneListView) -> bytes:
    """UTF-8 CommonMark; nobody's text can break out of its place."""
    version = view.version
    parts = [f"# {_line(version.draft.title)}"]
    if version.draft.logline.strip():
        parts.append(f"*{_line(version.draft.logline)}*")
    parts.append("\n".join(_facts(view)))
    start = 0.0
    for number, scene in enumerate(version.draft.scenes, start=1):
        parts += _scene(number, scene, start)
        start += scene.duration_seconds
    parts += ["---", "## Asked for", "\n".join(_request(version))]
    return ("\n\n".join(parts) + "\n").encode("utf-8", errors="replace")


def _facts(view: SceneListView) -> Iterator[str]:
    record, version = view.record, view.version
    count = len(version.draft.scenes)
    yield f"- **{record.ref}**, version {version.number}, {version.created_at:%Y-%m-%d %H:%M} UTC"
    yield f"- {count} scene{'' if count == 1 else 's'}, {_timecode(version.draft.total_seconds)} minutes"
    yield from _fact(
        "Character", " ".join(filter(None, (_ref(view), record.character_name or version.brief.described)))
    )
    if record.project_ref is not None:
        yield from _fact("Project", f"{record.project_ref} {record.project_name or ''}")
    if version.draft.palette:
        yield "- **Palette:** " + " ".join(f"`{colour}`" for colour in version.draft.palette)
    cost = "unpriced" if version.cost is None else dollars(version.cost)
    who, flavor = _line(version.model_version or version.engine), _line(version.brief.flavor)
    yield f"- **Made by:** {who}, flavor {flavor}, {cost}"


def _ref(view: SceneListView) -> str:
    return str(view.record.character_ref or "")


def _scene(number: int, scene: Scene, start: float) -> Iterator[str]:
    end = start + scene.duration_seconds
    yield f"## {number}. {_line(scene.title)}"
    yield _paragraphs(scene.description)
    where = ", ".join(filter(None, (scene.location.strip(), scene.time_of_day.strip())))
    camera = ", ".join(filter(None, (scene.shot_size.value, scene.camera_angle.strip(), scene.camera_movement.strip())))
    facts = [
        *_fact("Action", scene.action),
        *_fact("Where", where),
        *_fact("Camera", camera),
        *_fact("Light", scene.lighting),
        *_fact("Mood", scene.mood),
        f"- **Time:** {_timecode(start)} to {_timecode(end)} ({scene.duration_seconds:g} s)",
        *_fact("Song", scene.cue),
        *_fact("Out", scene.transition),
        *_fact("Avoid", scene.negative_description),
    ]
    yield "\n".join(facts)


def _request(version: SceneVersion) -> Iterator[str]:
    for key in _REQUEST:
        given, filled = version.request.get(key), version.defaults_applied.get(key)
        label = key.replace("_", " ").capitalize()
        if given is not None:
            yield from _fact(label, str(given))
        elif filled is not None:
            yield from _fact(label, str(filled), " (default)")


def _fact(label: str, text: str, behind: str = "") -> Iterator[str]:
    said = _line(text)
    if said:
        yield f"- **{label}:** {said}{behind}"


def _line(text: str) -> str:
    return _escaped(" ".join(text.split()))


def _paragraphs(text: str) -> str:
    """Line breaks stay line breaks, empty lines part paragraphs."""
    lines = (_line(line) for line in text.strip().splitlines())
    return re.sub(r"\n{2,}", "\n\n", "\n".join(lines)).replace("\n", "  \n").replace("  \n  \n", "\n\n")


def _escaped(text: str) -> str:
    return _NUMBERED.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", _UNSEEN.sub("", text)))


def _timecode(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
