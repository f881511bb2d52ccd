"""An archive in a folder with its index, as its processes see it."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta

from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.indexed import Indexed
from chalicelib.adapters.imagery.item_store import FolderItemStore, Unreadable
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.domain.tiles import tiles_covering
from tests.support.builders.archives import square

AREA = square(28.6, 77.2, width_px=300, height_px=200, gsd_m=0.5).bounds
NOW = datetime(2026, 6, 1, tzinfo=UTC)


class Counted(FolderItemStore):
    """A folder that counts how often it is asked, and can be away, slow or short of a file."""

    def __init__(self, folder):
        super().__init__(folder)
        self.asked, self.broken, self.gate = Counter(), set(), None

    def list_files(self):
        self.asked["list"] += 1
        return super().list_files()

    def read(self, file):
        self._ask(file)
        return super().read(file)

    def ends(self, file):
        self._ask(file)
        return super().ends(file)

    def _ask(self, file):
        self.asked["read"] += 1
        if file.name in self.broken:
            raise Unreadable(f"the archive's {file.name} cannot be read: Permission denied")


class IndexedArchive:
    """An archive in a folder, its index, and as many processes as are asked for. Time moves when it is told to."""

    def __init__(self, folder, index):
        self.folder, self.index, self.now = folder, index, NOW
        self.monotonic_s = 0.0

    def process(self, store=None):
        """Begin another process."""
        self.store = store or Counted(self.folder)
        return ArchiveImagery(TERMS, self.store, self.holdings)

    def holdings(self, store):
        ways = {"clock": lambda: self.now, "sleep": self.sleep, "monotonic": self.monotonic}
        return Indexed(store, self.index, place="here", **ways)

    def sleep(self, seconds):
        time.sleep(0.002)
        self.monotonic_s += seconds

    def monotonic(self):
        return self.monotonic_s

    def later(self, seconds=60):
        """Let so much time go by."""
        self.now += timedelta(seconds=seconds)


def first_view(archive):
    """Give the view of one tile of AREA."""
    grid = archive.grid(AREA)
    return grid.view(next(iter(tiles_covering(AREA, grid.zoom))))


def ids(found):
    """Give the items of all scenes that were found."""
    return sorted(each.item_id for scene in found.scenes for each in scene.items)
