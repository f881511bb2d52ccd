"""Archives as they are written: other programs read them, and the memory for them does not grow."""

import hashlib
import shutil
import subprocess
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters.zip_archive import zip_archive
from chalicelib.domain.errors import Invalid

NOON = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
MIB = 2**20


def test_what_is_written_is_what_is_read(tmp_path):
    with zip_archive(most_bytes=MIB) as archive:
        packed = archive.add("images/a.png", [b"one", b"two"], at=NOON, is_packed=True)
        archive.add("ଭୂପ୍ରହରୀ.txt", ["ହ୍ରଦ".encode()], at=datetime(1975, 1, 1, tzinfo=UTC))
        archive.add("of-india.txt", [b""], at=NOON.astimezone(tz=None) + timedelta(hours=5.5))
        whole = archive.end()
        content = whole.content.read()
    assert (packed.size_bytes, packed.sha256) == (6, hashlib.sha256(b"onetwo").hexdigest())
    assert (whole.size_bytes, whole.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    (tmp_path / "a.zip").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "a.zip") as read:
        assert read.testzip() is None
        assert read.read("images/a.png") == b"onetwo"
        assert read.getinfo("images/a.png").date_time == (2026, 3, 1, 12, 30, 14), "a ZIP counts two seconds"
        assert read.getinfo("ଭୂପ୍ରହରୀ.txt").date_time[0] == 1980, "it knows no earlier time"
        assert [each.name for each in archive.files] == read.namelist()
    if shutil.which("unzip"):
        told = subprocess.run(["unzip", "-t", str(tmp_path / "a.zip")], capture_output=True, text=True, check=False)
        assert "No errors detected" in told.stdout, told.stdout


def test_one_that_grows_too_large_is_refused_before_it_is_whole():
    with zip_archive(most_bytes=10 * MIB) as archive:
        archive.add("a", [b"x"], at=NOON)

        def parts():
            for number in range(30):
                assert number < 12, "what does not fit any more is not read to its end"
                yield number.to_bytes(4, "big") * (MIB // 4)

        with pytest.raises(Invalid, match="this archive would have 11 MiB, and at most 10 are written"):
            archive.add("b", parts(), at=NOON, is_packed=True)


def test_a_hundred_images_take_the_memory_of_a_few():
    tracemalloc.start()
    try:
        with zip_archive(most_bytes=200 * MIB) as archive:
            for number in range(100):
                archive.add(f"{number}.png", [bytes(MIB)], at=NOON, is_packed=True)
            whole = archive.end()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert whole.size_bytes > 100 * MIB
    assert peak < 8 * MIB, peak
