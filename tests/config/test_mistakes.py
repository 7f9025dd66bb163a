"""Every kind of mistake is told with its file, its line, its key, and what was expected."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from mv.config import load_config
from mv.config.yamlfile import WHOLE_FILE
from mv.errors import ConfigMistake
from tests.config.base import FILES, LIMITS, MODELS, SCENE_PARAMS, line_of, load, refuse, write

MODELS_FILE, LIMITS_FILE = "models.yaml", "limits.yaml"
PARAMS, PROMPTS = "default/scene_params.yaml", "default/scene_prompts.yaml"
IMAGES, PICTURE = "default/image_params.yaml", "default/image_prompts.yaml"

# file, what is replaced by what, the line's text in the changed file, key, expected
VALUES = [
    (PARAMS, "count: 8", "count: 25", "count: 25", "defaults.count", "a whole number from 1 to 24"),
    (PARAMS, "count: 8", "count: 0", "count: 0", "defaults.count", "a whole number from 1 to 24"),
    (PARAMS, "count: 8", 'count: "8"', "count:", "defaults.count", "a whole number from 1 to 24"),
    (PARAMS, "count: 8", "count: true", "count:", "defaults.count", "a whole number from 1 to 24"),
    (PARAMS, "count: 8", "count: 7.5", "count:", "defaults.count", "a whole number from 1 to 24"),
    (PARAMS, "count: 8", "count: 1:30", "count:", "defaults.count", "a whole number from 1 to 24"),
    (PARAMS, "count: 8", "count:", "count:", "defaults.count", "a whole number from 1 to 24"),
    (PARAMS, "count: 8", "count: [8]", "count:", "defaults.count", "a whole number from 1 to 24"),
    (PARAMS, "style: plain", "style: 5", "style: 5", "defaults.style", "text of 1 to 200 characters"),
    (PARAMS, "style: plain", 'style: ""', "style: ", "defaults.style", "text of 1 to 200 characters"),
    (PARAMS, "temperature: 1.0", "temperature: 3", "temp", "temperature", "a number from 0 to 2, or nothing"),
    (PARAMS, "temperature: 1.0", "temperature: .nan", "temp", "temperature", "a number from 0 to 2, or nothing"),
    (PARAMS, "timeout_seconds: 60", "timeout_seconds: 0", "timeout", "timeout_seconds", "above 0, up to 900"),
    (PARAMS, "engines: [writer]", "engines: writer", "engines", "engines", "a list of 1 to 20 entries; each text"),
    (PARAMS, "engines: [writer]", "engines: []", "engines", "engines", "a list of 1 to 20 entries"),
    (PARAMS, "moods: [a, b, c]", "moods: [a]", "moods", "vocabulary.moods", "a list of at least 3 entries"),
    (PARAMS, "moods: [a, b, c]", "moods: [a, b, 3]", "moods", "vocabulary.moods[2]", "text of 1 to 300 characters"),
    (PARAMS, '"#aabbcc"', '"blue"', "blue", "vocabulary.palettes[0][1]", "a colour such as"),
    (PARAMS, "defaults:\n", "defaults: 5\nnothing:\n", "defaults: 5", "defaults", "keys with values: count, traits"),
    (IMAGES, "format: webp", "format: gif", "format: gif", "preview.format", "one of webp, jpeg"),
    (IMAGES, '"16:9"', "wide", "wide", "defaults.aspect_ratio", "a width and a height such as 16:9"),
    (IMAGES, "effort: 2", "effort: 7", "effort", "preview.effort", "a whole number from 0 to 6"),
    (LIMITS_FILE, "kind: scenes", "kind: scene", "kind: scene", "allowances[0].kind", "one of scenes, images, spend"),
    (LIMITS_FILE, "period: day", "period: week", "period: week", "allowances[0].period", "one of day, month"),
    (LIMITS_FILE, "limit: 20", "limit: 2.5", "limit: 2.5", "allowances[0].limit", "a whole number; only spend"),
    (LIMITS_FILE, "limit: 20", "limit: -1", "limit: -1", "allowances[0].limit", "a number from 0 to 1000000"),
    (LIMITS_FILE, "limit: 12.3456", "limit: 0.00001", "0.00001", "allowances[1].limit", "with up to 4 decimals"),
    (LIMITS_FILE, "kind: spend", "kind: scenes", "limit: 12", "allowances[1].limit", "a whole number; only spend"),
    (LIMITS_FILE, "gemini: 4", "gemnii: 4", "gemnii", "concurrency.per_vendor.gemnii", "one of gemini, replicate"),
    (LIMITS_FILE, "gemini: 4", "gemini: 0", "gemini: 0", "concurrency.per_vendor.gemini", "a whole number from 1"),
    (LIMITS_FILE, "- replicate.delivery", "- https://a.b/", "https", "pictures.hosts[0]", "a host such as"),
    (LIMITS_FILE, "notify_", "ask_over: -1\nnotify_", "ask_over", "ask_over", "US dollars from 0 to 10000"),
    (LIMITS_FILE, "notify_", "ask_over: off\nnotify_", "ask_over", "ask_over", "US dollars from 0 to 10000"),
    (LIMITS_FILE, "seconds: 2\n", "seconds: 1\n", "progress", "progress_every_seconds", "a number from 2 to 60"),
    (
        LIMITS_FILE,
        "progress",
        "commands_per_minute: 0\nprogress",
        "comm",
        "commands_per_minute",
        "a whole number from 1",
    ),
    (MODELS_FILE, "vendor: gemini", "vendor: google", "google", "engines.writer.vendor", "one of gemini, replicate"),
    (
        MODELS_FILE,
        "makes: images",
        "makes: scenes",
        "    makes: scenes\n    aspect",
        "engines.painter.makes",
        "images, which is what",
    ),
    (MODELS_FILE, "model: owner/name", "model: name", "model: name", "engines.painter.model", "an owner and a name"),
    (MODELS_FILE, "input: 1.25", "input: -1", "input: -1", "engines.writer.price.input", "US dollars from 0"),
    (MODELS_FILE, "input: 1.25", "input: cheap", "cheap", "engines.writer.price.input", "US dollars from 0"),
    (MODELS_FILE, "input: 1.25", "input: 0.1234567", "0.123", "engines.writer.price.input", "up to 6 decimals"),
    (MODELS_FILE, "date: 2026-10-07", "date: soon", "soon", "engines.writer.price.date", "such as 2026-10-07"),
    (MODELS_FILE, "date: 2026-10-07", "date: 2026-13-40", "2026-13", "engines.writer.price.date", "such as 2026-10"),
    (MODELS_FILE, "date: 2026-10-07", "date: 5", "date: 5", "engines.writer.price.date", "such as 2026-10-07"),
    (
        MODELS_FILE,
        "takes_temperature: true",
        "takes_temperature: yes",
        "takes_",
        "engines.writer.takes_temperature",
        "true",
    ),
    (MODELS_FILE, "takes_temperature: true", "thinking_level: max", "think", "engines.writer.thinking_level", "one of"),
    (MODELS_FILE, "output: 10", "picture: 10", "price:", "engines.writer.price.output", "missing: US dollars"),
    (
        MODELS_FILE,
        "picture: 0.003",
        "picture: 1\n      input: 1",
        "input: 1\n",
        "engines.painter.price.input",
        "nothing",
    ),
    (MODELS_FILE, "  writer:", "  Writer:", "Writer:", "engines.Writer", "made of a-z, 0-9"),
    (MODELS_FILE, '["1:1", "16:9"]', "[wide]", "[wide]", "engines.painter.aspect_ratios[0]", "a width and a height"),
]


@pytest.mark.parametrize(("file", "old", "new", "at", "key", "expected"), VALUES)
def test_a_wrong_value(tmp_path: Path, file: str, old: str, new: str, at: str, key: str, expected: str) -> None:
    text = FILES[file].replace(old, new, 1)
    assert text != FILES[file]
    found = refuse(tmp_path, **{file: text})
    assert (found.file, found.line, found.key) == (file, line_of(text, at), key)
    assert expected in found.expected


KEYS = [
    (
        PARAMS,
        "  count: 8\n",
        "  cuont: 8\n",
        "cuont",
        "defaults.cuont",
        "nothing: this key is unknown; did you mean count?",
    ),
    (PARAMS, "  count: 8\n", "  count: 8\n  xyzzy: 1\n", "xyzzy", "defaults.xyzzy", "known are count, traits"),
    (
        PARAMS,
        "  count: 8\n",
        "",
        "defaults:",
        "defaults.count",
        "this key, which is missing: a whole number from 1 to 24",
    ),
    (PARAMS, "engines: [writer]\n", "", "defaults:", "engines", "this key, which is missing: a list of 1 to 20"),
    (
        PARAMS,
        "  count: 8\n",
        "  count: 8\n  count: 9\n",
        "count: 9",
        "defaults.count",
        "each key once; it stands on line 3",
    ),
    (MODELS_FILE, "      source: a page\n", "", "price:", "engines.writer.price.source", "which is missing: text"),
    (MODELS_FILE, "      date: 2026-10-07\n", "", "price:", "engines.writer.price.date", "which is missing: the day"),
    (
        LIMITS_FILE,
        "  - kind: scenes\n    limit: 20\n",
        "  - kind: scenes\n",
        "- kind",
        "allowances[0].limit",
        "missing",
    ),
    (LIMITS_FILE, "  max_bytes: 30000000\n", "", "pictures:", "pictures.max_bytes", "a whole number at least 100000"),
    (PICTURE, "picture:", "pictures:", "pictures:", "pictures", "did you mean picture?"),
]


@pytest.mark.parametrize(("file", "old", "new", "at", "key", "expected"), KEYS)
def test_a_wrong_key(tmp_path: Path, file: str, old: str, new: str, at: str, key: str, expected: str) -> None:
    text = FILES[file].replace(old, new, 1)
    found = refuse(tmp_path, **{file: text})
    missing_at_top = key == "engines"
    assert (found.file, found.line, found.key) == (file, 1 if missing_at_top else line_of(text, at), key)
    assert expected in found.expected


SYNTAX: list[tuple[str | bytes, int, str, str]] = [
    ("", 1, WHOLE_FILE, "the file is empty"),
    ("# only a comment\n", 1, WHOLE_FILE, "the file is empty"),
    ("- a\n- b\n", 1, WHOLE_FILE, "keys with values"),
    ("just text", 1, WHOLE_FILE, "keys with values"),
    ("engines: [writer\ndefaults:\n  count: 8\n", 2, "defaults", "valid YAML"),
    ("engines: [writer]\ndefaults:\n\tcount: 8\n", 3, "count", "a tab cannot indent"),
    ("engines: [writer]\ndefaults: a: b\n", 2, "defaults", "valid YAML"),
    ("engines: 'open\n", 2, "engines", "valid YAML"),
    ("engines: [writer]\n---\nengines: [writer]\n", 2, "engines", "valid YAML"),
    (b"engines: [writer]\nstyle: caf\xe9\n", 2, WHOLE_FILE, "text in UTF-8"),
    ("engines: [writer]\nstyle: a\x07b\n", 2, "style", "control characters"),
    ("engines: !!python/name:os.system x\n", 1, "engines", "without the tag"),
    ("engines: !thing [writer]\n", 1, "engines", "without the tag"),
    ("engines: [writer]\n? [a, b]\n: c\n", 2, WHOLE_FILE, "a plain word as the key"),
    (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
        ),
        5,
        "e",
        "aliases written out",
    ),
    ("a: &a [*a]\n", 1, "a", "nested at most 20 deep"),
    ("a: " + "[" * 500 + "]" * 500 + "\n", 1, "a", "nested more than 20 deep"),
    ("a: " + "[" * 300_000 + "\n", 1, "a", "nested more than 20 deep"),
    ("a: " + "x" * 1_000_001, 1, WHOLE_FILE, "at most 1,000,000 bytes"),
]


@pytest.mark.parametrize(("text", "line", "key", "expected"), SYNTAX)
def test_a_file_that_is_not_plain_yaml(tmp_path: Path, text: str | bytes, line: int, key: str, expected: str) -> None:
    before = time.monotonic()
    found = refuse(tmp_path, **{PARAMS: text})
    assert time.monotonic() - before < 60
    assert (found.file, found.line) == (PARAMS, line)
    assert found.key.startswith(key)
    assert expected in found.expected


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(tmp_path: Path) -> None:
    write(tmp_path, **{PARAMS: b"\xef\xbb\xbf" + SCENE_PARAMS.replace("\n", "\r\n").encode()})
    assert load_config(tmp_path).flavor(None).scene_params.defaults.count == 8


@pytest.mark.parametrize("file", sorted(FILES))
def test_a_missing_file(tmp_path: Path, file: str) -> None:
    found = refuse(tmp_path, **{file: None})
    assert (found.file, found.line, found.key) == (file, 0, WHOLE_FILE)
    assert "missing" in found.expected


def test_missing_folders(tmp_path: Path) -> None:
    with pytest.raises(ConfigMistake) as caught:
        load_config(tmp_path / "nowhere")
    assert "MV_CONFIG_DIR" in caught.value.expected
    found = refuse(tmp_path, **{name: None for name in FILES if name.startswith("default/")})
    assert (found.file, found.expected) == ("default", "this folder; it is missing")


def test_a_folder_in_a_files_place(tmp_path: Path) -> None:
    write(tmp_path, **{LIMITS_FILE: None})
    (tmp_path / LIMITS_FILE).mkdir()
    with pytest.raises(ConfigMistake) as caught:
        load_config(tmp_path)
    assert (caught.value.file, caught.value.line) == (LIMITS_FILE, 0)
    assert "a file that can be read" in caught.value.expected


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / LIMITS_FILE).chmod(0)
    with pytest.raises(ConfigMistake) as caught:
        load_config(tmp_path)
    assert caught.value.file == LIMITS_FILE


STRAY = [
    ("limit.yaml", "limit.yaml", "did you mean limits.yaml?"),
    ("cinematic/scene_prams.yaml", "cinematic/scene_prams.yaml", "did you mean scene_params.yaml?"),
    ("cinematic/notes.txt", "cinematic/notes.txt", "no file of this name"),
    ("Cinematic/scene_params.yaml", "Cinematic", "a-z, 0-9 and _"),
    ("a b/scene_params.yaml", "a b", "a-z, 0-9 and _"),
    ("x" * 41 + "/scene_params.yaml", "x" * 41, "up to 40 characters"),
]


@pytest.mark.parametrize(("file", "told", "expected"), STRAY)
def test_a_file_or_folder_with_a_wrong_name(tmp_path: Path, file: str, told: str, expected: str) -> None:
    found = refuse(tmp_path, **{file: "temperature: 1\n"})
    assert (found.file, found.line, found.key) == (told, 0, WHOLE_FILE)
    assert expected in found.expected


def test_hidden_files_and_plain_notes_are_left_alone(tmp_path: Path) -> None:
    write(
        tmp_path, **{".git/x": "", "notes.md": "", "lofi/.DS_Store": "", "lofi/scene_params.yaml": "temperature: 1\n"}
    )
    assert set(load_config(tmp_path).flavors) == {"default", "lofi"}


CROSS = [
    (PARAMS, "engines: [writer]", "engines: [painter]", "engines[0]", "an engine of models.yaml that makes scenes"),
    (PARAMS, "engines: [writer]", "engines: [wirter]", "engines[0]", "not wirter; did you mean writer?"),
    (PARAMS, "engines: [writer]", "engines: [writer, writer]", "engines[1]", "each engine once"),
    (IMAGES, "engines: [painter]", "engines: [writer]", "engines[0]", "that makes images, not writer"),
    (IMAGES, '"16:9"', '"9:16"', "defaults.aspect_ratio", "one of 1:1, 16:9, which painter takes"),
    (PARAMS, "longest_scene_seconds: 8", "longest_scene_seconds: 1", "longest_scene_seconds", "which is 2"),
]


@pytest.mark.parametrize(("file", "old", "new", "key", "expected"), CROSS)
def test_values_that_do_not_go_together(tmp_path: Path, file: str, old: str, new: str, key: str, expected: str) -> None:
    text = FILES[file].replace(old, new, 1)
    found = refuse(tmp_path, **{file: text})
    assert (found.file, found.line, found.key) == (file, line_of(text, new), key)
    assert expected in found.expected


GUIDANCE, TEMPERATURE = "      guidance: 3.5\n", "    takes_temperature: true\n"
OFFLINE, GEMINI = "    model: offline-scenes\n    makes: scenes\n", "      image_size: 1K\n"
BANANA = f"""\
  banana:
    label: Banana
    vendor: gemini
    model: gemini-nano-banana-2.1
    makes: images
    parameters:
{GEMINI}"""
PICTURES = [
    (GUIDANCE, "    reference_list: true\n", "painter.reference_list", "nothing without reference_parameter"),
    (GUIDANCE, "    max_references: 2\n", "painter.max_references", "nothing without reference_parameter"),
    (GUIDANCE, "    reference_parameter: x\n    max_references: 2\n", "painter.max_references", "only a list"),
    (GUIDANCE, "    max_references: 0\n", "painter.max_references", "from 1 to 100"),
    (GUIDANCE, "    reference_parameter: ''\n", "painter.reference_parameter", "text of 1 to 60 characters"),
    (TEMPERATURE, "    reference_parameter: x\n", "writer.reference_parameter", "only inputs of replicate have names"),
    (GUIDANCE, "    max_references: 1\n", "painter.max_references", "nothing without reference_parameter"),
    (TEMPERATURE, "    max_references: 1\n", "writer.max_references", "for scenes gemini is sent no pictures"),
    (OFFLINE, "    max_references: 1\n", "offline-scenes.max_references", "offline is sent no pictures"),
    (GEMINI, "    reference_parameter: x\n", "banana.reference_parameter", "see max_references"),
    (GEMINI, "    reference_list: true\n", "banana.reference_list", "nothing without reference_parameter"),
    (GEMINI, "    count_parameter: n\n", "banana.count_parameter", "one picture a call"),
    (GEMINI, "      output_format: png\n", "banana.parameters.output_format", "gemini takes image_size alone"),
]


@pytest.mark.parametrize(("behind", "new", "key", "expected"), PICTURES)
def test_what_an_engine_takes_pictures_by(tmp_path: Path, behind: str, new: str, key: str, expected: str) -> None:
    text = (MODELS + BANANA).replace(behind, behind + new, 1)
    found = refuse(tmp_path, **{MODELS_FILE: text})
    last = key.rpartition(".")[2]
    assert (found.file, found.line, found.key) == (MODELS_FILE, line_of(text, f"    {last}:"), f"engines.{key}")
    assert expected in found.expected


def test_the_size_of_geminis_pictures_is_text(tmp_path: Path) -> None:
    text = (MODELS + BANANA).replace("image_size: 1K", "image_size: 512")
    found = refuse(tmp_path, **{MODELS_FILE: text})
    assert (found.line, found.key) == (line_of(text, "image_size"), "engines.banana.parameters.image_size")
    assert "text such as 1K" in found.expected


@pytest.mark.parametrize(
    ("name", "new", "most"),
    [
        ("banana", "", 0),
        ("banana", "    max_references: 3\n", 3),
        ("painter", "", 0),
        ("painter", "    reference_parameter: x\n", 1),
        ("painter", "    reference_parameter: x\n    reference_list: true\n    max_references: 3\n", 3),
    ],
)
def test_how_many_pictures_an_engine_goes_by(tmp_path: Path, name: str, new: str, most: int) -> None:
    behind = GEMINI if name == "banana" else GUIDANCE
    engine = load(tmp_path, **{MODELS_FILE: (MODELS + BANANA).replace(behind, behind + new, 1)}).engine(name)
    assert (engine.max_references, engine.takes_references) == (most, most > 0)


def test_an_allowance_said_twice(tmp_path: Path) -> None:
    text = LIMITS.replace(
        "  - kind: spend\n    limit: 12.3456\n    period: month\n", "  - {kind: scenes, limit: 1, period: day}\n"
    )
    found = refuse(tmp_path, **{LIMITS_FILE: text})
    assert (found.line, found.key) == (line_of(text, "- {kind"), "allowances[1]")
    assert "one limit for scenes a day" in found.expected


VENDORS = [
    ("per_minute: {gemnii: 4}", "vendors.per_minute.gemnii", "one of gemini, replicate"),
    ("per_minute: {gemini: 0}", "vendors.per_minute.gemini", "a whole number from 1 to 100000"),
    ("per_minute: 60", "vendors.per_minute", "names with values, each a whole number"),
    ("rest_after_failures: 0", "vendors.rest_after_failures", "a whole number from 1 to 1000"),
    ("rest_second: 5", "vendors.rest_second", "nothing: this key is unknown; did you mean rest_seconds?"),
    ("rest_seconds: 0", "vendors.rest_seconds", "a number above 0, up to 86400"),
    ("longest_rest_seconds: 5", "vendors.longest_rest_seconds", "at least rest_seconds, which is 20"),
]


@pytest.mark.parametrize(("line", "key", "expected"), VENDORS)
def test_how_vendors_are_asked(tmp_path: Path, line: str, key: str, expected: str) -> None:
    text = f"{LIMITS}vendors:\n  {line}\n"
    found = refuse(tmp_path, **{LIMITS_FILE: text})
    assert (found.file, found.line, found.key) == (LIMITS_FILE, line_of(text, line), key)
    assert expected in found.expected


def test_the_first_mistake_in_the_file_is_told(tmp_path: Path) -> None:
    text = (
        SCENE_PARAMS.replace("longest_edge", "x").replace("camera: still", "camera: 5").replace("count: 8", "count: 99")
    )
    assert refuse(tmp_path, **{PARAMS: text}).key == "defaults.count"


def test_a_price_may_be_left_out(tmp_path: Path) -> None:
    start, end = MODELS.index("    price:"), MODELS.index("  painter:")
    write(tmp_path, **{MODELS_FILE: MODELS[:start] + MODELS[end:]})
    assert load_config(tmp_path).engine("writer").prices == ()


FLAVOR = [
    ("shortest_scene_seconds: 9\n", "scene_params.yaml", 1, "shortest_scene_seconds", "at most longest_scene_seconds"),
    ("# note\nlongest_scene_seconds: 1\n", "scene_params.yaml", 2, "longest_scene_seconds", "which is 2"),
    ("defaults:\n  count: 99\n", "scene_params.yaml", 2, "defaults.count", "a whole number from 1 to 24"),
    ("defaults:\n  cuont: 9\n", "scene_params.yaml", 2, "defaults.cuont", "did you mean count?"),
    ("defaults: nothing\n", "scene_params.yaml", 1, "defaults", "keys with values"),
    ("vocabulary:\n  moods: [calm]\n", "scene_params.yaml", 2, "vocabulary.moods", "at least 3 entries"),
    ("engines: [offline-scenes, nobody]\n", "scene_params.yaml", 1, "engines[1]", "makes scenes, not nobody"),
    ("defaults:\n  aspect_ratio: '9:16'\n", "image_params.yaml", 2, "defaults.aspect_ratio", "one of 1:1, 16:9"),
    ("user: |\n  a\n\n  {{ idee }}\n", "scene_prompts.yaml", 4, "user", "not idee; did you mean idea?"),
]


@pytest.mark.parametrize(("text", "file", "line", "key", "expected"), FLAVOR)
def test_a_mistake_of_a_flavor_is_told_with_the_flavors_file(
    tmp_path: Path, text: str, file: str, line: int, key: str, expected: str
) -> None:
    found = refuse(tmp_path, **{f"lofi/{file}": text})
    assert (found.file, found.line, found.key) == (f"lofi/{file}", line, key)
    assert expected in found.expected


def test_engines_of_a_flavor_that_do_not_take_the_default_ratio(tmp_path: Path) -> None:
    extra = "  square:\n    {label: Square, vendor: replicate, model: a/b, makes: images, aspect_ratios: ['1:1']}\n"
    found = refuse(tmp_path, **{MODELS_FILE: MODELS + extra, "lofi/image_params.yaml": "engines:\n  - square\n"})
    assert (found.file, found.line, found.key) == ("lofi/image_params.yaml", 2, "engines[0]")
    assert "engines that take the aspect ratio 16:9; square does not" in found.expected


def test_no_value_of_the_file_is_repeated(tmp_path: Path) -> None:
    text = LIMITS.replace("limit: 20", "limit: hunter2")
    assert "hunter2" not in str(refuse(tmp_path, **{LIMITS_FILE: text}))
