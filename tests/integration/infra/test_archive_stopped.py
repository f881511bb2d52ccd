"""GDAL at work for minutes in one call: a stop is heard at once, and what ends it is told."""

import os
import signal
import subprocess
import time
from threading import Thread

import numpy as np
import pytest

from infra.archive.cog import OPTIONS
from infra.archive.copying import write_cog
from infra.errors import OperatorError
from tests.support.adding import DATE, add
from tests.support.builders.geotiffs import write

WITHIN_S = 60


@pytest.fixture
def large(tmp_path):
    """A file that takes GDAL some seconds."""
    rough = np.random.default_rng(1).integers(0, 255, (6000, 6000, 3), np.uint8)
    return write(tmp_path / "flight.tif", rough, driver="GTiff")


@pytest.fixture
def listening():
    """Ctrl-C is heard, also where whoever began the tests lets it be passed over, as a shell does in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def at_gdals():
    """The processes in which GDAL works for this one."""
    of_this_one = ["pgrep", "-P", str(os.getpid()), "-f", "infra.archive.copying"]
    return [int(each) for each in subprocess.run(of_this_one, capture_output=True, check=False).stdout.split()]


def at_work(folder, then):
    """Do something as soon as GDAL has begun to write into a folder."""

    def wait():
        until = time.monotonic() + WITHIN_S
        while not (list(folder.rglob("*.tmp")) and at_gdals()) and time.monotonic() < until:
            time.sleep(0.02)
        then()

    waiting = Thread(target=wait)
    waiting.start()
    return waiting


def stop():
    """Press Ctrl-C; again where the first was lost, as happened once on a busy machine."""
    until = time.monotonic() + WITHIN_S
    while at_gdals() and time.monotonic() < until:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)


@pytest.mark.usefixtures("listening")
def test_a_stop_is_heard_while_gdal_works_and_nothing_is_left(large, archive):
    waiting = at_work(archive, stop)
    with pytest.raises(KeyboardInterrupt):
        add(archive, large, *DATE)
    waiting.join()
    assert not at_gdals()
    assert not list(archive.iterdir())


def kill_gdal():
    for each in at_gdals():
        os.kill(each, signal.SIGKILL)


def test_where_gdal_is_killed_that_is_told(large, archive, capsys):
    waiting = at_work(archive, kill_gdal)
    assert add(archive, large, *DATE) == 1
    waiting.join()
    assert "GDAL was ended before it was done, by signal 9: is there memory enough?" in capsys.readouterr().err
    assert not list(archive.iterdir())


def test_what_gdal_cannot_do_is_told_in_its_words(tmp_path, archive):
    with pytest.raises(OperatorError, match="GDAL cannot read or convert it"):
        write_cog(tmp_path / "none.tif", archive / "made.tif", OPTIONS)
