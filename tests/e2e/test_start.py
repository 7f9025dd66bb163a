"""What a person reads who starts it wrongly, and what the exit code says: 2 is theirs to mend, 1 would be a bug."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeStage
from tests.e2e.stage import GEMINI_KEY, ROOT, TOKEN, BotProcess, Ended, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")


def told(ended: Ended) -> str:
    """A short message on standard error, exit code 2, no traceback."""
    assert ended.code == 2, ended
    assert "Traceback" not in ended.out + ended.err
    assert ended.out == ""
    return ended.err


async def test_what_is_missing(make_stage: MakeStage) -> None:
    stage = await make_stage()
    (stage.folder / "file").write_text("not a folder")
    token, folder = await asyncio.gather(
        stage.run(DISCORD_TOKEN=None), stage.run(MV_DATA_DIR=str(stage.folder / "file" / "data"))
    )
    said = told(token)
    assert [part for part in ("DISCORD_TOKEN", "make preview", "developer portal") if part not in said] == []
    assert "MV_DATA_DIR" in told(folder)


async def test_a_refused_token(make_stage: MakeStage) -> None:
    stage = await make_stage(token="another.token.altogether")
    said = told(await stage.run())
    assert "refuses the token in DISCORD_TOKEN" in said
    assert "DISCORD_TOKEN" in told(await stage.run(DISCORD_TOKEN="   "))
    stage.discord.door.token = TOKEN
    await healthy(stage, await stage.start())


MISTAKES = [
    ("limits.yaml", "  total: 16", "  total: many", 0, "concurrency.total"),
    ("limits.yaml", "per_member: 4", "per_membre: 4", 0, "did you mean per_member?"),
    ("models.yaml", "  imagen-4:", "  imagen-4: [", 2, "valid YAML"),
    ("lofi_animation/scene_params.yaml", "shortest_scene_seconds:", "shortest_scene_second:", 0, "scene_params.yaml"),
]
"""File, what stands there, what is written instead, how many lines further it shows, and what the message names."""


async def test_mistakes_in_the_configuration(make_stage: MakeStage, tmp_path: Path) -> None:
    stage = await make_stage()

    async def start_with(number: int, file: str, old: str, new: str, further: int, named: str) -> None:
        configs = tmp_path / f"configs{number}"
        shutil.copytree(ROOT / "configs", configs)
        whole = (configs / file).read_text(encoding="utf-8")
        assert old in whole
        (configs / file).write_text(whole.replace(old, new, 1), encoding="utf-8")
        line = whole[: whole.index(old)].count("\n") + 1 + further
        said = told(await stage.run(MV_CONFIG_DIR=str(configs)))
        assert f"{file}, line {line}: " in said
        assert named in said
        assert "expected: " in said

    await asyncio.gather(*(start_with(number, *mistake) for number, mistake in enumerate(MISTAKES)))
    assert not stage.data.exists(), "nothing is made before the configuration is read"


async def test_beside_a_running_bot(make_stage: MakeStage) -> None:
    """A second one on the same folder ends at once; the doctor looks at what it can. The first goes on."""
    stage = await make_stage()
    bot = await stage.start()
    second, doctor = await asyncio.gather(stage.run(), stage.run("doctor"))
    said = told(second)
    assert "Another mv-bot" in said
    assert str(stage.data) in said
    assert doctor.code == 0
    assert "in use" in doctor.out
    await healthy(stage, bot)
    await healthy(stage, await stage.start())


async def test_a_damaged_database(make_stage: MakeStage) -> None:
    stage = await make_stage()
    bot = await stage.start()
    await (await stage.discord.slash("jobs list")).response()  # waits for the records, which may still be opening
    await bot.stop()
    file = stage.data / "mv.sqlite3"
    whole = file.read_bytes()
    damaged = whole[:4096] + b"\xff" * (len(whole) - 4096)
    file.write_bytes(damaged)
    said = told(await stage.run())
    assert "damaged" in said
    assert str(file) in said
    assert file.read_bytes() == damaged
    stage.troubles_expected = True  # the records cannot be looked at


async def test_two_things_wrong_at_once(make_stage: MakeStage) -> None:
    """The records are opened while Discord is asked: whichever ends first, one message is enough."""
    stage = await make_stage(token="another.token.altogether")
    stage.data.mkdir()
    (stage.data / "mv.sqlite3").write_bytes(b"no database " * 999)
    stage.troubles_expected = True
    answer = stage.discord.fail("GET", "/users/@me", 401, times=None)
    for answer.delay in (0.0, 0.7):
        said = told(await stage.run())
        assert ("damaged" in said) != ("refuses" in said)


async def test_help_and_unknown_words(make_stage: MakeStage) -> None:
    stage = await make_stage()
    helped, wrong = await asyncio.gather(stage.run("--help"), stage.run("dance"))
    assert helped.code == 0
    assert [word for word in ("run", "preview", "doctor") if word not in helped.out] == []
    assert wrong.code == 2
    assert "dance" in wrong.err
    assert "Traceback" not in wrong.err


async def test_the_doctor(make_stage: MakeStage) -> None:
    stage = await make_stage()
    data = str(stage.folder / "another")
    well, bare = await asyncio.gather(
        stage.run("doctor"), stage.run("doctor", GEMINI_API_KEY=None, REPLICATE_API_TOKEN=None, MV_DATA_DIR=data)
    )
    assert (well.code, well.err) == (0, ""), well
    assert "All is well" in well.out
    assert "mv-bot" in well.out
    assert f"client_id={stage.discord.world.bot.id}" in well.out
    assert bare.code == 0
    assert "GEMINI_API_KEY" in bare.out
    assert "REPLICATE_API_TOKEN" in bare.out


async def test_what_the_doctor_finds(make_stage: MakeStage, tmp_path: Path) -> None:
    stage = await make_stage(token="another.token.altogether")
    (tmp_path / "nothing").mkdir()
    missing, refused, unreachable = await asyncio.gather(
        stage.run("doctor", DISCORD_TOKEN=None, MV_DATA_DIR=str(tmp_path / "a")),
        stage.run("doctor", MV_CONFIG_DIR=str(tmp_path / "nothing"), MV_DATA_DIR=str(tmp_path / "b")),
        stage.run("doctor", DISCORD_API_BASE_URL="http://127.0.0.1:9/api/v10", MV_DATA_DIR=str(tmp_path / "c")),
    )
    for ended in (missing, refused, unreachable):
        assert ended.code == 1
        assert "Traceback" not in ended.err
        assert GEMINI_KEY not in ended.out
    assert "1 to fix" in missing.out
    assert "DISCORD_TOKEN is missing" in missing.out
    assert "refuses the token" in refused.out
    assert "2 to fix" in refused.out
    assert "cannot be reached" in unreachable.out


async def healthy(stage: Stage, bot: BotProcess) -> None:
    """It answers, and stops when it is told to."""
    answer = await (await stage.discord.slash("help")).response()
    assert "/scenes" in answer.text
    assert await bot.stop() == 0


async def test_what_answers_is_not_discord(make_stage: MakeStage) -> None:
    """Another server's address: a page of HTML, or JSON of another kind."""
    stage = await make_stage()
    page = await stage.run(DISCORD_API_BASE_URL=f"{stage.google.url}/files", within=20)
    other = await make_stage()
    other.discord.door.answer = {"hello": "there"}
    strange = await other.run(within=20)
    examined = await other.run("doctor", within=20)
    for ended in (page, strange):
        assert ended.code == 2, ended.err
        assert "Traceback" not in ended.err
    assert "is not Discord. Mend DISCORD_API_BASE_URL" in strange.err
    assert examined.code == 1
    assert "Traceback" not in examined.err
