from __future__ import annotations

import asyncio
import os
import resource
import signal
from pathlib import Path

import pytest

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


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    tmp_path.joinpath("media").touch()
    with pytest.raises(DataFolderUnusable) as caught:
        ObjectMedia.at(None, tmp_path)
    assert caught.value.reason == "File exists"
