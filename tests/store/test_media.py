from __future__ import annotations

import asyncio
import os
import re
import resource
import signal
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from mv.domain.limits import LINK
from mv.errors import ConfigMistake, DataFolderUnusable, StorageError, StorageFull
from mv.store.media import ObjectMedia

PICTURE = bytes(range(256)) * 400


@pytest.fixture(params=["default", "file", "memory"])
def media(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectMedia:
    urls = {"default": None, "file": (tmp_path / "pic tures #1").as_uri(), "memory": "memory:///"}
    return ObjectMedia.at(urls[request.param], tmp_path)


async def test_a_file_goes_round(media: ObjectMedia) -> None:
    key = "character_ref_20261122_201500_9f2c1a.png"
    await media.put(key, PICTURE, "image/png")
    assert await media.get(key) == PICTURE
    await media.put(key, b"", "image/png")
    assert await media.get(key) == b""
    await media.delete(key)
    await media.delete(key)
    with pytest.raises(KeyError):
        await media.get(key)


async def test_many_at_once(media: ObjectMedia) -> None:
    keys = [f"{n}.webp" for n in range(50)]
    await asyncio.gather(*(media.put(key, key.encode() * 1000, "image/webp") for key in keys))
    assert await asyncio.gather(*(media.get(key) for key in keys)) == [key.encode() * 1000 for key in keys]


@pytest.mark.parametrize("key", ["../secret.png", "a/../../secret.png", "..", "a//b", "x\0y"])
async def test_no_key_leads_out_of_the_folder(media: ObjectMedia, key: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        await media.put(key, b"1", "image/png")
    with pytest.raises((StorageError, KeyError)):
        await media.get(key)
    assert not tmp_path.joinpath("secret.png").exists()


async def test_the_default_folder_is_in_the_data_folder(tmp_path: Path) -> None:
    await ObjectMedia.at(None, tmp_path / "data").put("a.png", b"1", "image/png")
    assert (tmp_path / "data" / "media" / "a.png").read_bytes() == b"1"


async def test_a_full_disk_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    media = ObjectMedia.at(None, tmp_path)
    await media.put("a.png", b"old", "image/png")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        for key in ("a.png", "b.png"):
            with pytest.raises(StorageFull):
                await media.put(key, PICTURE, "image/png")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert os.listdir(tmp_path / "media") == ["a.png"]
    assert await media.get("a.png") == b"old"


@pytest.mark.parametrize("url", ["gopher://x", "nonsense", "file://relative/x", "s3://", "ftp://u:secret@h/x", ""])
def test_an_address_that_is_none(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigMistake) as caught:
        ObjectMedia.at(url, tmp_path)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_object_storage_is_opened_without_being_asked(tmp_path: Path) -> None:
    assert isinstance(ObjectMedia.at("s3://bucket/prefix", tmp_path), ObjectMedia)


KEYS = {"AWS_ACCESS_KEY_ID": "AKIADUMMY", "AWS_SECRET_ACCESS_KEY": "a-dummy-that-signs", "AWS_REGION": "eu-central-1"}


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Of a bucket that is never asked: signing is arithmetic."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


async def test_object_storage_signs_links(keys: pytest.MonkeyPatch, tmp_path: Path) -> None:
    link = await ObjectMedia.at("s3://bucket/some/prefix", tmp_path).link("7/a b.png", 3600)
    assert link is not None
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc) == ("https", "s3.eu-central-1.amazonaws.com")
    assert parts.path == "/bucket/some/prefix/7/a%20b.png"
    asked = dict(parse_qsl(parts.query))
    assert asked["X-Amz-Expires"] == "3600"
    assert asked["X-Amz-Credential"].startswith("AKIADUMMY/")
    assert re.fullmatch(r"[0-9a-f]{64}", asked["X-Amz-Signature"])
    assert "a-dummy-that-signs" not in link
    assert not set(link) & set(" <>()\n"), "Discord's Markdown would end there"


async def test_a_link_with_a_session_token(keys: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys.setenv("AWS_SESSION_TOKEN", "IQoJ/+=" * 150)
    link = await ObjectMedia.at("s3://bucket", tmp_path).link("7/a.png", 3600)
    assert link is not None
    assert 1400 < len(link) < LINK


async def test_azure_signs_as_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0")
    link = await ObjectMedia.at("az://container", tmp_path).link("7/a.png", 3600)
    assert link is not None
    assert link.startswith("https://account.blob.core.windows.net/container/7/a.png?")


async def test_folders_and_memory_sign_none(media: ObjectMedia) -> None:
    await media.put("a.png", b"1", "image/png")
    assert await media.link("a.png", 3600) is None


async def test_no_link_without_https(keys: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys.setenv("AWS_ENDPOINT", "http://minio:9000")
    keys.setenv("AWS_ALLOW_HTTP", "true")
    assert await ObjectMedia.at("s3://bucket", tmp_path).link("7/a.png", 3600) is None
    keys.setenv("AWS_ENDPOINT", "https://files.example.org")
    link = await ObjectMedia.at("s3://bucket", tmp_path).link("7/a.png", 3600)
    assert str(link).startswith("https://files.example.org/bucket/7/a.png?")


async def test_a_store_whose_keys_cannot_be_had_gives_none(
    keys: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        keys.delenv(name)
    keys.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")  # where nobody listens
    keys.setattr("mv.store.media.SIGNING_SECONDS", 0.3)
    assert await ObjectMedia.at("s3://bucket", tmp_path).link("7/a.png", 3600) is None
    assert caplog.messages == ["no link to a file could be signed: TimeoutError"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    tmp_path.joinpath("media").touch()
    with pytest.raises(DataFolderUnusable) as caught:
        ObjectMedia.at(None, tmp_path)
    assert caught.value.reason == "File exists"
