"""Capture the largest images that are accepted, one a format, and print the memory that a process took for each.

    nice python -m tests.bench.intake_memory

Each is captured in a process of its own: an archive of two such images of two days, both fetched for a tile and passed
through the gate, as `capture_tile` does, with all that the app imports. Prints MiB (ru_maxrss), and what is refused.
Exits with 1 above 450 MiB.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MOST_MIB = 450
KINDS = ("png", "png16", "png-rgba16", "png-interlaced", "png-grey", "jpeg", "jpeg-progressive", "jpeg-turned", "webp")
LIES = ("png-lie", "png-bomb")


def main() -> int:
    """Run each kind in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=(*KINDS, *LIES), help="only in this process")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.folder is not None:
        _capture(options.folder)
        return 0
    worst = 0
    for kind in [options.kind] if options.kind else [*KINDS, *LIES]:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "tests.bench.intake_files", kind, folder]
            made = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
            command = [sys.executable, "-m", "tests.bench.intake_memory", "--folder", folder]
            # By a shell: a child's ru_maxrss begins with what its parent had.
            taken = subprocess.run(["/bin/sh", "-c", '"$@"; exit $?', "sh", *command], check=True, capture_output=True)
            mib, said = taken.stdout.decode().splitlines()[-1].split(" ", 1)  # after what was logged
            worst = max(worst, int(mib))
            print(f"{kind:18} {made:42} {mib:>4} MiB  {said}", flush=True)
    print(f"at most {worst} MiB, of {MOST_MIB}")
    return 1 if worst > MOST_MIB else 0


def _capture(folder: Path) -> None:
    from datetime import UTC, datetime

    import app  # noqa: F401 (what a worker has imported)
    from chalicelib.adapters.imagery.archive import ArchiveImagery
    from chalicelib.adapters.imagery.catalogue import Catalogue
    from chalicelib.adapters.imagery.item_store import FolderItemStore
    from chalicelib.adapters.imagery.providers.archive import ARCHIVE
    from chalicelib.domain.errors import DomainError
    from chalicelib.domain.tiles import Tile, View, centre_of, grid_position
    from chalicelib.vision import changes  # noqa: F401
    from chalicelib.vision.gate import inspect

    archive = ArchiveImagery(ARCHIVE.terms, folder)
    began, said = time.perf_counter(), "captured"
    try:
        listing = Catalogue(FolderItemStore(folder)).look()
        if not listing.entries:
            raise DomainError(str(listing.reads[0].found))
        area = listing.entries[0].bounds
        grid = archive.grid(area)
        x, y = grid_position(*centre_of(area), grid.zoom)
        view = View(tile=Tile(grid.zoom, int(x), int(y)), tile_px=grid.tile_px, margin_px=grid.margin_px)
        found = archive.scenes(area, since=datetime(2000, 1, 1, tzinfo=UTC), until=datetime.now(UTC))
        for scene in found.scenes:
            fetched = archive.fetch(scene, view, area)
            inspect(fetched.content, view, area, archive.terms)
        said = f"captured twice in {time.perf_counter() - began:.1f} s"
    except DomainError as error:
        said = f"refused: {error}"
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, said)


if __name__ == "__main__":
    sys.exit(main())
