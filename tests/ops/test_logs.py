"""MV_LOG_FORMAT=json: an object a line, with fields that lead from a member's message to it, and without secrets."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import Any

import pytest
from pydantic import SecretStr

from bot import logs
from mv import __version__
from mv.errors import ConfigMistake
from mv.jobs.work import LOG_FIELDS
from mv.settings import Settings, read_settings
from tests.e2e.stage import ROOT

AWKWARD = 'a"b\\c/é\tsecret+key that JSON escapes'
PASSWORD = "p%40ss-word-of-the-database"


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


def written(log_format: str, *arguments: Any, **more: Any) -> str:
    formatter = {"json": logs.JsonLines, "text": logs.Blotting}[log_format]
    url = SecretStr(f"postgresql+asyncpg://bot:{PASSWORD}@db/mv")
    known = settings(gemini_api_key=SecretStr(AWKWARD), database_url=url).secrets
    record = logging.getLogger("mv.test").makeRecord("mv.test", logging.ERROR, __file__, 1, *arguments, **more)
    return formatter(known).format(record)


def raised(error: Exception) -> Any:
    try:
        raise error
    except type(error) as caught:
        return type(caught), caught, caught.__traceback__


def test_a_line_is_an_object_with_its_facts() -> None:
    token = LOG_FIELDS.set({"job": "J7", "server": "12"})
    try:
        line = written("json", "two\nlines %s", (5,), raised(ValueError("x")), extra={"incident": "ab12cd34"})
    finally:
        LOG_FIELDS.reset(token)
    assert "\n" not in line
    said = json.loads(line)
    assert said.pop("time").endswith("Z")
    assert "Traceback" in said["exception"]
    assert said.pop("exception").endswith("ValueError: x")
    assert said == {
        "level": "ERROR", "logger": "mv.test", "message": "two\nlines 5", "incident": "ab12cd34", "job": "J7",
        "server": "12",
    }  # fmt: skip
    assert json.loads(written("json", "plain", (), None)).keys() == {"time", "level", "logger", "message"}


@pytest.mark.parametrize("log_format", ["json", "text"])
@pytest.mark.parametrize("secret", [AWKWARD, PASSWORD, "p@ss-word-of-the-database"])
def test_secrets_are_blotted_however_they_are_written(log_format: str, secret: str) -> None:
    error = raised(KeyError(secret))  # whose text is the secret's repr
    line = written(log_format, "%s %r %s", (secret, secret, json.dumps({"key": secret})), error)
    for text in {line, json.dumps(line), line.encode().decode("unicode_escape")}:
        for form in logs.disguises([secret]):
            assert form not in text
    assert line.count(logs.BLOT) == 4
    assert len(secret) > 20


def test_tokens_of_interactions_are_blotted_in_json() -> None:
    line = json.loads(written("json", "PATCH /webhooks/12/aW50.ZX-_%s/messages/@original", ("x" * 60,), None))
    assert line["message"] == "PATCH /webhooks/12/[secret]/messages/@original"


@pytest.mark.parametrize(
    ("name", "value"), [("MV_LOG_FORMAT", "xml"), ("MV_METRICS_PORT", "x"), ("MV_METRICS_PORT", "65536")]
)
def test_a_wrong_value_is_named_and_not_repeated(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigMistake) as caught:
        read_settings()
    assert caught.value.key == name
    assert caught.value.file == "environment"
    assert f"'{value}'" not in caught.value.expected


def test_the_version_that_is_told_is_that_of_the_project() -> None:
    assert f'version = "{__version__}"\n' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_the_bug_that_ends_the_process_is_logged_like_all_else(log_format: str) -> None:
    code = f"""
import logging, warnings
from bot import logs
from mv.settings import Settings
logs.set_up(Settings(_env_file=None, gemini_api_key={AWKWARD!r}, log_format={log_format!r}))
warnings.warn("old and tired")
raise KeyError({AWKWARD!r})
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert ended.returncode == 1
    for form in logs.disguises([AWKWARD]):
        assert form not in ended.stderr
    assert "old and tired" in ended.stderr
    assert "KeyError" in ended.stderr
    if log_format == "json":
        assert [json.loads(line)["level"] for line in ended.stderr.splitlines()] == ["WARNING", "CRITICAL"]
