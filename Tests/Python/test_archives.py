# SPDX-License-Identifier: Apache-2.0
"""An archive that is run is unpacked once, whole, and nothing outside its folder."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from test_pyodide_archives import REFUSED, special, tar, zipped

from amaru.archives import cache, tree
from amaru.archives.tree import RefusedArchive

MAIN = {"main.py": b"print('ran')\n", "data/x.txt": b"x"}
PYTHON = Path(__file__).parents[2] / "Python"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def left(kept: Path) -> list[str]:
    """What is in the cache besides its lock."""
    return sorted(set(os.listdir(kept)) - {".lock"}) if kept.exists() else []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.tar.gz", tar(files=MAIN)),
        ("a.tgz", tar(files=MAIN)),
        ("a.tar.xz", tar("xz", files=MAIN)),
        ("a.zip", zipped(MAIN)),
        ("a-1-py3-none-any.whl", zipped(MAIN)),
        ("wrongly-named.zip", tar(files=MAIN)),
        ("inner.zip", zipped({"app-1/main.py": MAIN["main.py"], "README": b""})),
        ("dunder.zip", zipped({"__main__.py": b"print('ran')\n"})),
    ],
)
def test_an_archive_is_unpacked_once(
    tmp_path: Path, kept: Path, name: str, data: bytes
) -> None:
    path = written(tmp_path, name, data)
    folder = cache.unpacked(path, kept)
    (main,) = (folder / name for name in cache.MAINS if (folder / name).exists())
    assert main.read_bytes() == MAIN["main.py"]
    (folder / "own.txt").write_text("kept")
    assert cache.unpacked(path, kept) == folder
    assert (folder / "own.txt").exists()
    assert len(left(kept)) == 1


def test_a_copy_that_lost_its_script_is_unpacked_again(
    tmp_path: Path, kept: Path
) -> None:
    path = written(tmp_path, "a.zip", zipped(MAIN))
    folder = cache.unpacked(path, kept)
    (folder / "main.py").unlink()
    assert cache.unpacked(path, kept) == folder
    assert (folder / "main.py").read_bytes() == MAIN["main.py"]


def test_folders_in_folders_in_folders_are_refused(tmp_path: Path, kept: Path) -> None:
    deep = {"main.py": b"", "d/" * 1500 + "x": b""}
    with pytest.raises(RefusedArchive, match="deep"):
        cache.unpacked(written(tmp_path, "deep.zip", zipped(deep)), kept)
    assert left(kept) == []


def test_other_contents_have_another_folder(tmp_path: Path, kept: Path) -> None:
    first = cache.unpacked(written(tmp_path, "a.zip", zipped(MAIN)), kept)
    second = cache.unpacked(
        written(tmp_path, "a.zip", zipped({**MAIN, "more": b""})), kept
    )
    assert first != second
    assert (second / "more").exists()


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_leads_outside_is_refused(tmp_path: Path, kept: Path, data: bytes) -> None:
    with pytest.raises(RefusedArchive, match="refused: "):
        cache.unpacked(written(tmp_path, "a.bin", data), kept)
    assert left(kept) == []
    assert sorted(os.listdir(tmp_path)) == ["a.bin", "kept"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.tar.gz", b"hello", "no sound tar archive"),
        ("a.zip", b"hello", "no sound zip archive"),
        ("a.zip", b"", "no sound zip archive"),
        ("a.bin", b"hello", "no archive"),
        ("a.zip", zipped({}), "empty"),
        ("a.tar", tar("", files={}), "empty"),
        ("a.zip", zipped({"other.py": b""}), r"no main.py or __main__.py"),
        ("a.zip", zipped({"a/main.py": b"", "b/x": b""}), "no main.py or"),
        ("a.zip", zipped({"main.py/x": b""}), "no main.py or"),
        ("a.tar.gz", tar(files=MAIN)[:-30], "no sound|too early"),
    ],
)
def test_what_cannot_be_run_leaves_nothing(
    tmp_path: Path, kept: Path, name: str, data: bytes, message: str
) -> None:
    with pytest.raises(RefusedArchive, match=message):
        cache.unpacked(written(tmp_path, name, data), kept)
    assert left(kept) == []


def bomb() -> bytes:
    """Ten gigabytes of zeros in ten megabytes."""
    info = special("main.py", tarfile.REGTYPE)
    info.size = 10 << 30
    head = info.tobuf(tarfile.GNU_FORMAT)
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    start = compressor.compress(head) + compressor.flush(zlib.Z_FULL_FLUSH)
    # Flushed, a piece refers to nothing before it, and so can be repeated.
    piece = compressor.compress(bytes(16 << 20)) + compressor.flush(zlib.Z_FULL_FLUSH)
    end = compressor.compress(bytes(1024)) + compressor.flush()
    header = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    # Of the trailer, only the length is right: nobody gets as far as to look.
    trailer = bytes(4) + ((len(head) + (10 << 30) + 1024) % (1 << 32)).to_bytes(
        4, "little"
    )
    return header + start + piece * 640 + end + trailer


def test_ten_gigabytes_are_refused_before_they_are_written(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RefusedArchive, match="more than 4096 MiB"):
        cache.unpacked(written(tmp_path, "a.tar.gz", bomb()), kept)
    monkeypatch.setattr(tree, "_MOST_BYTES", 1 << 20)
    for name, data in (
        ("a.zip", zipped({f"main{n}.py": bytes(300_000) for n in range(4)})),
        ("a.tgz", tar(files={f"main{n}.py": bytes(300_000) for n in range(4)})),
    ):
        with pytest.raises(RefusedArchive, match="more than 1 MiB"):
            cache.unpacked(written(tmp_path, name, data), kept)
    assert left(kept) == []


def test_a_zip_that_lies_about_its_size_is_refused(tmp_path: Path, kept: Path) -> None:
    data = zipped({"main.py": bytes(100_000)})
    real, false = (100_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    with pytest.raises(RefusedArchive):
        cache.unpacked(written(tmp_path, "a.zip", data.replace(real, false)), kept)
    assert left(kept) == []


def test_too_many_members_are_refused(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "_MOST_MEMBERS", 3)
    folders = [special(f"f{n}/", tarfile.DIRTYPE) for n in range(4)]
    links = [special(f"l{n}", tarfile.SYMTYPE, "main.py") for n in range(4)]
    for data in (tar("gz", *folders, files={}), tar("gz", *links, files={})):
        with pytest.raises(RefusedArchive, match="more than 3 members"):
            cache.unpacked(written(tmp_path, "a.tgz", data), kept)
    assert left(kept) == []


def test_what_killed_processes_left_is_removed(tmp_path: Path, kept: Path) -> None:
    (kept / ".unpacking-dead" / "x").mkdir(parents=True)
    cache.unpacked(written(tmp_path, "a.zip", zipped(MAIN)), kept)
    assert len(left(kept)) == 1


def command(archive: Path, kept: Path) -> list[str]:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); "
        "from amaru.archives.cache import main; main(*sys.argv[2:])"
    )
    options = [sys.executable, "-I", "-S", "-B", "-c", code]
    return [*options, str(PYTHON), "unpacked", str(archive), str(kept)]


def test_what_was_fetched_is_a_script_or_an_archive(tmp_path: Path, kept: Path) -> None:
    script = written(tmp_path, "chat.py", b"print(1)\n")
    place = cache.fetched(script, kept)
    assert (place.name, place.read_bytes()) == ("chat.py", b"print(1)\n")
    assert cache.fetched(written(tmp_path, "chat.py", b"print(1)\n"), kept) == place
    folder = cache.fetched(written(tmp_path, "latest", zipped(MAIN)), kept)
    assert (folder / "main.py").exists()
    with pytest.raises(RefusedArchive, match="no sound zip"):
        cache.fetched(written(tmp_path, "app.zip", b"<html>"), kept)


def test_processes_at_the_same_time_agree(tmp_path: Path, kept: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(300):
            archive.writestr(f"data/{number}.txt", b"x" * 100)
        archive.writestr("main.py", MAIN["main.py"])
    path = written(tmp_path, "a.zip", out.getvalue())

    def start(_: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command(path, kept), capture_output=True, text=True)

    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(start, range(6)))
    assert {(run.returncode, run.stderr) for run in done} == {(0, "")}
    (folder,) = {run.stdout.strip() for run in done}
    assert len(os.listdir(Path(folder) / "data")) == 300
    assert len(left(kept)) == 1


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = written(tmp_path, "a.zip", zipped(MAIN))
    done = subprocess.run(
        command(path, tmp_path / "file" / "kept"), capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("cannot be unpacked: Not a directory: ")
