"""Add a GeoTIFF in UTM of 26,000 x 26,000 px to an archive, beside GDAL's own COG translate with the same options.

    nice python -m tests.bench.archive_add               # writes the file first: GDAL, tiled, without overviews
    python -m tests.bench.archive_add --file FILE.tif    # one that is there

Each in a process of its own, one after the other, as many rounds as are asked for, and both until the file is on the
disk: what `add` says is in an archive must be there after a power cut. Prints seconds by the clock, seconds
of processor and peak memory of both, and the ratio of the medians. Exits with 1 where `add` takes more than 1.2 times
as long.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from infra.archive.cog import OPTIONS
from tests.bench.orthophoto import write

MOST_TIMES = 1.2
BY_GDAL = """
import os, rasterio.shutil, sys
rasterio.shutil.copy(*sys.argv[1:3], driver='COG', **{options})
os.fsync(os.open(sys.argv[2], os.O_RDWR))
"""


class Took(NamedTuple):
    """Of one process."""

    wall_s: float
    processor_s: float
    peak_mib: int


def main() -> int:
    """Time both, by turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--side", type=int, default=26_000)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        file = options.file or folder / "flight.tif"
        if options.file is None:
            write(file, options.side, has_overviews=False)
        print(f"{file.stat().st_size / 1e6:.0f} MB")
        took: dict[str, list[Took]] = {"GDAL": [], "add": []}
        for _ in range(options.rounds):
            by_gdal = folder / "by-gdal.tif"
            took["GDAL"].append(_run(["-c", BY_GDAL.format(options=OPTIONS), str(file), str(by_gdal)]))
            archive = folder / "archive"
            archive.mkdir()
            add = ["-m", "infra.archive", "add", str(file), "--name", "flight", "--date", "2024-03-01"]
            took["add"].append(_run([*add, "--to", str(archive)]))
            if (archive / "flight.tif").stat().st_size != by_gdal.stat().st_size:
                raise AssertionError("these are not the same files")
            for each in (by_gdal, *archive.iterdir()):
                each.unlink()
            archive.rmdir()
    for name, each in took.items():
        wall, processor, peak = (statistics.median(values) for values in zip(*each, strict=True))
        print(f"{name:4} {wall:6.1f} s  {processor:6.1f} s of processor  {peak:.0f} MiB")
    wall, processor = (
        statistics.median(each[place] for each in took["add"]) / statistics.median(each[place] for each in took["GDAL"])
        for place in (0, 1)
    )
    print(f"add / GDAL: {wall:.2f} by the clock, {processor:.2f} of processor; wanted {MOST_TIMES}")
    return int(wall > MOST_TIMES)


def _run(arguments: list[str]) -> Took:
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, *arguments])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise AssertionError(f"{arguments[:3]} failed")
    return Took(time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)


if __name__ == "__main__":
    sys.exit(main())
