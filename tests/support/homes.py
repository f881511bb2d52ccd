"""A home that has been at work, for tests of what an operator does with one."""

import hashlib

from sqlalchemy import func, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.images.folder import MARK, FolderImages
from infra.ops.__main__ import main
from tests.support.trip import Trip

DATABASE = "bhuprahari.db"


class Filled:
    """A home with two sessions of some tiles, and a way to go on with it."""

    def __init__(self, home, *, tiles=4):
        self.home = home
        self.engine = make_engine(f"sqlite:///{home / DATABASE}")
        self.trip = Trip(self.engine)
        self.trip.images = FolderImages(home / "images")
        self.trip.images.make(is_used=False)
        self.area = self.trip.add_area(tiles=tiles)
        self.trip.run_session(self.area, "march", days=-1)
        self.trip.run_session(self.area, "april", days=30)
        (home / "secrets").mkdir()
        (home / "secrets" / "link-key").write_text("l" * 32)
        self.days = 30

    def go_on(self):
        self.days += 1
        self.trip.run_session(self.area, f"day {self.days}", days=self.days)

    def sessions(self):
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(t.alert_sessions)).scalar_one()


def run(capsys, *arguments):
    status = main(list(map(str, arguments)))
    said = capsys.readouterr()
    return status, said.out, said.err


def content(folder):
    """Give every file of a folder with the hash of its bytes, but for what SQLite, a lock and a start leave."""
    passing = ("-wal", "-shm", ".lock", "log.jsonl", MARK)
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(passing)
    }


def made_in(to):
    return sorted(path for path in to.iterdir() if path.is_dir())
