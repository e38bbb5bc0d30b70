# SPDX-License-Identifier: Apache-2.0
"""`unpack_archive` unpacks every kind, whole or not at all, and nothing outside."""

from __future__ import annotations

import asyncio
import importlib
import io
import os
import sys
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fetch_scripts import ok
from scripted_server import Serve

from amaru.archives import filling
from pyodide.http import FetchResponse, HttpStatusError, pyfetch
from pyodide.http import _archive as archives

FILES = {"pack/__init__.py": b"value = 3\n", "pack/data.txt": b"x" * 1000}


def tar(mode: str = "gz", *members: tarfile.TarInfo, files: Any = None) -> bytes:
    out = io.BytesIO()
    opening: Any = tarfile.open
    with opening(fileobj=out, mode=f"w:{mode}") as archive:
        for name, data in (FILES if files is None else files).items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for member in members:
            archive.addfile(member)
    return out.getvalue()


def zipped(files: dict[str, bytes] = FILES) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


SYM, LNK, REG = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.REGTYPE


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def zipped_link(name: str, target: str) -> bytes:
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("first", b"1")
        archive.writestr(info, target)
    return out.getvalue()


def response(data: bytes, url: str = "http://h/a.bin", **headers: str) -> FetchResponse:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return FetchResponse(url, data, headers=fields)


def tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current folder of one's own, and the path and the modules as they were."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    known = set(sys.modules)
    yield folder
    for name in set(sys.modules) - known:
        if name.startswith(("pack", "wheeled")):
            del sys.modules[name]


@pytest.mark.parametrize("mode", ["gz", "bz2", "xz", ""])
@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("http://h/a.tar.gz", {}),
        ("http://h/a.TGZ?version=1", {}),
        ("http://h/x/app.tar.gz/", {"Content_Type": "application/x-tar; a=b"}),
        ("http://h/get?id=1", {"Content_Disposition": 'attachment; filename="a.tar"'}),
        ("http://h/get", {}),
        ("http://h/", {"Content_Type": "application/octet-stream"}),
    ],
)
async def test_a_tar_is_recognised(
    here: Path, mode: str, url: str, headers: dict[str, str]
) -> None:
    await response(tar(mode), url, **headers).unpack_archive()
    assert tree(here) == FILES
    assert os.listdir(here) == ["pack"]


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("http://h/a.zip#x", {}),
        ("http://h/get", {"Content_Type": "application/zip"}),
        ("http://h/get", {}),
    ],
)
async def test_a_zip_is_recognised(
    here: Path, url: str, headers: dict[str, str]
) -> None:
    await response(zipped(), url, **headers).unpack_archive()
    assert tree(here) == FILES


NAMES = ["gztar", ".tgz", "tar.gz", "tgz", "TAR", "bztar", "xztar", ".tar.bz2"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_format_can_be_named(here: Path, name: str) -> None:
    await response(tar(), "http://h/a.zip").unpack_archive(format=name)
    assert tree(here) == FILES


async def test_an_unknown_format_is_refused_with_those_that_are_known(
    here: Path,
) -> None:
    answer = response(tar())
    with pytest.raises(ValueError, match="'rar'; the formats are bz2, bztar, gz"):
        await answer.unpack_archive(format="rar")
    assert not answer.body_used
    with pytest.raises(ValueError, match=r"pass format="):
        await response(b"what is this?", "http://h/x").unpack_archive()


async def test_what_was_unpacked_can_be_imported(here: Path) -> None:
    # The finder has looked here before, and would remember that there was nothing.
    sys.path.append(str(here))
    with pytest.raises(ImportError):
        importlib.import_module("pack")
    await response(tar()).unpack_archive()
    assert importlib.import_module("pack").value == 3
    assert sys.path.count(str(here)) == 1


async def test_the_finders_are_told_of_new_files(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A folder's time may be too coarse for them to see it.
    told: list[bool] = []
    monkeypatch.setattr(importlib, "invalidate_caches", lambda: told.append(True))
    await response(tar()).unpack_archive()
    assert told == [True]


async def test_the_current_folder_is_put_on_the_path(here: Path) -> None:
    assert str(here) not in sys.path
    await response(tar()).unpack_archive()
    await response(tar()).unpack_archive()
    assert sys.path[-1] == str(here)
    assert sys.path.count(str(here)) == 1


async def test_a_folder_can_be_named(here: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "deep"
    await response(zipped()).unpack_archive(extract_dir=target)
    assert tree(target) == FILES
    assert not tree(here)
    assert str(target) not in sys.path


async def test_files_that_are_there_are_replaced(here: Path) -> None:
    (here / "pack").mkdir()
    (here / "pack" / "data.txt").write_text("old")
    (here / "pack" / "own.txt").write_text("own")
    await response(tar()).unpack_archive()
    assert tree(here) == {**FILES, "pack/own.txt": b"own"}


async def test_executables_stay_so_and_links_lead_where_they_led(here: Path) -> None:
    tool = special("bin/tool", tarfile.REGTYPE)
    tool.mode = 0o4777
    data = tar(
        "gz",
        tool,
        special("bin/link", tarfile.SYMTYPE, "../pack/data.txt"),
        special("copy", tarfile.LNKTYPE, "pack/data.txt"),
        special("empty/", tarfile.DIRTYPE),
    )
    await response(data).unpack_archive()
    assert (here / "bin/tool").stat().st_mode & 0o7111 == 0o111
    assert (here / "bin/link").read_bytes() == FILES["pack/data.txt"]
    assert (here / "bin/link").is_symlink()
    assert (here / "copy").read_bytes() == FILES["pack/data.txt"]
    assert (here / "empty").is_dir()
    # A second time, over the first.
    await response(data).unpack_archive()
    assert (here / "bin/link").is_symlink()


REFUSED = {
    "absolute": tar(files={"ok": b"", "/tmp/evil": b""}),
    "parent": tar(files={"ok": b"", "../evil": b""}),
    "hidden parent": tar(files={"ok": b"", "a/../../evil": b""}),
    "inner parent": tar(files={"ok": b"", "a/../evil": b""}),
    "backslashes": tar(files={"ok": b"", "..\\evil": b""}),
    "drive": tar(files={"ok": b"", "C:/evil": b""}),
    "link out": tar("gz", special("a", SYM, "../evil")),
    "link to root": tar("gz", special("a", SYM, "/etc/passwd")),
    "link over links": tar("gz", special("a", SYM, "pack/..")),
    "behind a link": tar("gz", special("a", SYM, "pack"), special("a/b", REG)),
    "link behind a link": tar("gz", special("a", SYM, "x"), special("a/b", SYM, "x")),
    "link before its link": tar("gz", special("a/b", SYM, "x"), special("a", SYM, "x")),
    "link in place of files": tar("gz", special("pack", SYM, "x")),
    "link in place of all": tar("gz", special(".", SYM, "x")),
    "hard link out": tar("gz", special("a", LNK, "../evil")),
    "hard link to nothing": tar("gz", special("a", LNK, "b")),
    "fifo": tar("gz", special("a", tarfile.FIFOTYPE)),
    "device": tar("gz", special("a", tarfile.CHRTYPE)),
    "file and folder": tar(files={"a/b": b"", "a": b""}),
    "zip parent": zipped({"ok": b"", "../evil": b""}),
    "zip absolute": zipped({"ok": b"", "/evil": b""}),
    "zip link out": zipped_link("a", "../evil"),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
async def test_what_leads_outside_is_refused_and_nothing_is_left(
    here: Path, data: bytes
) -> None:
    with pytest.raises(ValueError, match="refused: "):
        await response(data).unpack_archive()
    assert os.listdir(here) == []
    assert os.listdir(here.parent) == ["here"]


async def test_links_that_are_there_lead_nowhere_else(
    here: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (here / "pack").symlink_to(outside)
    with pytest.raises(ValueError, match="leads out of"):
        await response(tar()).unpack_archive()
    assert os.listdir(outside) == []
    (here / "pack").unlink()
    (here / "pack").mkdir()
    (outside / "file").write_text("own")
    (here / "pack" / "data.txt").symlink_to(outside / "file")
    await response(tar()).unpack_archive()
    assert (outside / "file").read_text() == "own"
    assert tree(here) == FILES


@pytest.mark.parametrize("there", ["pack", "pack/data.txt/inner"])
async def test_what_is_in_the_way_stops_all_of_it(here: Path, there: str) -> None:
    place = here / there
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("mine")
    with pytest.raises(ValueError, match="cannot"):
        await response(tar()).unpack_archive()
    assert tree(here) == {there: b"mine"}


@pytest.mark.parametrize(
    "data",
    [tar()[:-40], tar("")[:1100], zipped()[:-30], zipped()[:20] + zipped()[24:], b""],
    ids=["tar.gz", "tar", "zip", "zip inside", "empty"],
)
async def test_a_damaged_archive_leaves_nothing(here: Path, data: bytes) -> None:
    name = "tar" if data[:2] != b"PK" else "zip"
    with pytest.raises(ValueError, match="no sound|too early"):
        await response(data).unpack_archive(format=name)
    assert os.listdir(here) == []


@pytest.mark.parametrize("mode", ["gz", "bz2", "xz"])
async def test_damage_in_the_middle_leaves_nothing(here: Path, mode: str) -> None:
    data = bytearray(tar(mode, files={"first": b"1", "big": os.urandom(300_000)}))
    data[200_000:200_016] = bytes(16)
    with pytest.raises(ValueError, match="no sound|too early"):
        await response(bytes(data)).unpack_archive(format="tar")
    assert os.listdir(here) == []


async def test_an_error_page_is_no_archive(
    core: ModuleType, serve: Serve, here: Path
) -> None:
    server = serve(lambda peer: peer.reply("404 NOT FOUND", "no"))
    answer = await pyfetch(f"{server.origin}/app.tar.gz")
    with pytest.raises(HttpStatusError, match="404 Client Error"):
        await answer.unpack_archive()


async def test_an_archive_comes_from_a_server(
    core: ModuleType, serve: Serve, here: Path
) -> None:
    server = serve(ok(tar("bz2"), Content_Type="application/x-bzip2"))
    await (await pyfetch(f"{server.origin}/latest")).unpack_archive()
    assert tree(here) == FILES


async def test_a_large_archive_does_not_stay_in_memory(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    unpack = archives.unpack

    async def watched(file: Any, *arguments: Any) -> None:
        seen.append(file._rolled)
        await unpack(file, *arguments)

    monkeypatch.setattr(archives, "unpack", watched)
    data = tar("", files={"big": os.urandom(9 * 1024 * 1024)})
    await response(data).unpack_archive()
    assert seen == [True]
    assert (here / "big").stat().st_size == 9 * 1024 * 1024


async def test_a_header_that_would_fill_the_memory_is_refused(here: Path) -> None:
    bomb = special("x", tarfile.XHDTYPE)
    bomb.size = 4 << 30
    data = tar("gz", bomb)
    with pytest.raises(ValueError, match="header of 4294967296 bytes"):
        await response(data).unpack_archive(format="tar")
    assert os.listdir(here) == []


async def test_a_cancelled_task_leaves_nothing(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    inside, go = asyncio.Event(), threading.Event()
    untar: Callable[..., None] = filling._untar

    def slow(*arguments: Any) -> None:
        untar(*arguments)
        loop.call_soon_threadsafe(inside.set)
        assert go.wait(30)

    monkeypatch.setattr(filling, "_untar", slow)
    task = asyncio.ensure_future(response(tar()).unpack_archive())
    await inside.wait()
    task.cancel()
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert os.listdir(here) == []


def wheel(name: str = "wheeled") -> bytes:
    info = f"{name}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    return zipped(
        {
            f"{name}.py": b"value = 4\n",
            f"{name}-1.0.data/purelib/{name}_more.py": b"value = 5\n",
            f"{info}/METADATA": metadata.encode(),
            f"{info}/WHEEL": b"Wheel-Version: 1.0\n",
        }
    )


async def test_a_wheel_can_be_imported_with_its_metadata(here: Path) -> None:
    from importlib.metadata import version

    url = "http://h/wheeled-1.0-py3-none-any.whl?x"
    await response(wheel(), url).unpack_archive()
    assert importlib.import_module("wheeled").value == 4
    assert importlib.import_module("wheeled_more").value == 5
    assert version("wheeled") == "1.0"
    assert os.listdir(here) == []


async def test_a_wheel_goes_where_it_is_told(here: Path) -> None:
    await response(wheel()).unpack_archive(format="whl", extract_dir=here)
    assert "wheeled-1.0.dist-info" in os.listdir(here)
    with pytest.raises(ValueError, match="no wheel"):
        await response(zipped()).unpack_archive(format="wheel")
