"""A disk of images that is away for a while loses no image and hides no change, on both databases."""

import shutil

import pytest

from chalicelib.adapters.images.folder import MARK, FolderImages
from chalicelib.composition import Ports
from chalicelib.domain.errors import Unavailable
from chalicelib.settings import Settings
from tests.support.builders.domain import a_change
from tests.support.databases.copies import migrate
from tests.support.homes import Filled
from tests.support.trip import Trip


@pytest.mark.parametrize("is_mount_point_left", [False, True])
def test_a_change_is_told_once_the_disk_is_back(engine, tmp_path, is_mount_point_left):
    trip, disk, away = Trip(engine), tmp_path / "disk", tmp_path / "away"
    trip.images = FolderImages(disk / "images")
    trip.images.make(is_used=False)
    area = trip.add_area(tiles=2)
    trip.run_session(area, "march", days=-1)
    disk.rename(away)
    if is_mount_point_left:
        (disk / "images").mkdir(parents=True)
    session = trip.run_session(area, "april", days=30, change=a_change(m2=900))
    assert session.is_open
    assert [path for path in disk.rglob("*") if path.is_file()] == []
    if is_mount_point_left:
        (disk / "images").rmdir()
        disk.rmdir()
    away.rename(disk)
    trip.wait(minutes=20)
    trip.work()
    assert trip.session(session).counts_by_verdict == {"CHANGED": 2}


@pytest.fixture
def home(tmp_path):
    made = tmp_path / "home"
    made.mkdir()
    migrate(f"sqlite:///{made / 'bhuprahari.db'}")
    return made


def start(home):
    """Do with a home's images what each start does."""
    return Ports(Settings.of(home=str(home))).made_images()


def test_a_new_home_has_a_folder_of_images_after_its_start(home):
    start(home).check()
    assert [path.name for path in (home / "images").iterdir()] == [MARK]


@pytest.mark.parametrize("left", [None, "a mount point", "lost+found"])
def test_a_home_whose_images_are_away_does_not_start(home, left):
    Filled(home).engine.dispose()
    (home / "images").rename(home / "away")
    if left:
        (home / "images").mkdir()
    if left == "lost+found":
        (home / "images" / left).mkdir()
    with pytest.raises(Unavailable, match="Mount its disk"):
        start(home)
    shutil.rmtree(home / "images", ignore_errors=True)
    (home / "away").rename(home / "images")
    start(home).check()


def test_a_home_of_an_earlier_release_starts_as_before(home):
    Filled(home).engine.dispose()
    (home / "images" / MARK).unlink()
    start(home).check()
    assert (home / "images" / MARK).is_file()


def test_a_home_whose_images_are_lost_starts_once_somebody_said_so(home):
    Filled(home).engine.dispose()
    (home / "images").rename(home / "lost")
    (home / "images").mkdir()
    (home / "images" / MARK).touch()
    start(home).check()
