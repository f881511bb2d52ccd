"""A home is backed up while it runs; what cannot be is said, and leaves nothing half done."""

import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest

from infra.errors import OperatorError
from infra.ops import backups
from infra.ops.backup import back_up
from infra.ops.restore import restore
from tests.support.homes import DATABASE, Filled, content, made_in, run
from tests.support.processes import forget
from tests.support.sources import ROOT
from tests.support.timing import wait_until


def test_a_home_comes_back_as_it_was_backed_up(filled, home, to, tmp_path, capsys):
    status, said, _ = run(capsys, "--home", home, "backup", to)
    (made,) = made_in(to)
    assert (status, said) == (0, f"backed up to {made}: {len(content(made)) - 1} files, read back\n")
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in [to, *to.rglob("*")]}
    assert modes == {(True, 0o700), (False, 0o600)}
    before = content(made)
    filled.go_on()
    assert filled.sessions() == 3
    other = tmp_path / "other"
    assert run(capsys, "--home", other, "restore", made)[:2] == (0, f"restored {made.name} to {other}\n")
    assert content(other) == {name: kept for name, kept in before.items() if name != "manifest.json"}
    assert (other.stat().st_mode & 0o777, (other / DATABASE).stat().st_mode & 0o777) == (0o700, 0o600)
    assert not set(map(inode, files_of(other))) & set(map(inode, files_of(made))), "the backup's files stay its own"
    assert run(capsys, "--home", other, "verify") == (0, "all that is stored agrees\n", "")
    assert run(capsys, "verify", made)[0] == 0
    assert content(made) == before


def inode(path):
    return path.stat().st_ino


def files_of(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_picture_that_the_last_backup_has_is_stored_once(filled, home, to):
    first, _ = back_up(home, to)
    filled.go_on()
    second, manifest = back_up(home, to)
    shared = {inode(path) for path in files_of(first)} & {inode(path) for path in files_of(second)}
    assert len(shared) == sum(name.startswith("images/") for name in content(first))
    assert len(manifest.files) > len(content(first))


def test_a_picture_that_the_last_backup_lost_is_copied_anew(filled, home, to):
    first, _ = back_up(home, to)
    name = next(name for name in sorted(content(first)) if name.startswith("images/"))
    (first / name).write_bytes(b"rotten")
    second, _ = back_up(home, to)
    assert (second / name).read_bytes() == (home / name).read_bytes()
    backups.check(second)


def test_a_home_that_is_at_work_is_backed_up_whole_each_time(filled, home, to, tmp_path, capsys):
    """A thread opens sessions and deletes areas with their images; in each backup every row has its object."""
    stopping, trouble = threading.Event(), []
    filled.trip.now = datetime.now(UTC)  # `verify` has the real time: a session of a backup may be open, but not late

    def work():
        trip = filled.trip
        try:
            while not stopping.is_set():
                area = trip.add_area(tiles=2)
                trip.run_session(area, "march", days=-1)
                filled.go_on()
                trip.delete(area)
                trip.reconcile()
        except Exception as error:
            trouble.append(error)
            raise

    thread = threading.Thread(target=work)
    thread.start()
    try:
        made = [back_up(home, to) for _ in range(6)]
    finally:
        stopping.set()
        thread.join()
    assert trouble == []
    for number, (folder, manifest) in enumerate(made):
        assert manifest.missing == []
        restored = tmp_path / f"restored-{number}"
        restore(folder, restored, is_meant=False)
        forget()  # as the next command is: `verify` of this home, not of the one before
        assert run(capsys, "--home", restored, "verify") == (0, "all that is stored agrees\n", "")


def test_what_the_home_has_lost_itself_is_said_and_the_rest_is_kept(filled, home, to, capsys):
    lost, rotten = [name for name in sorted(content(home)) if "march" in name or name.startswith("images/")][:2]
    (home / lost).unlink()
    (home / rotten).write_bytes(b"rotten")
    _, said, _ = run(capsys, "--home", home, "backup", to)
    assert said.endswith("; 2 images are not as their rows say: see `verify`\n"), said
    manifest = backups.check(made_in(to)[0])
    assert [f"images/{key}" for key in manifest.missing] == [lost, rotten]


@pytest.mark.parametrize("where", ["backups", "images/backups", "."])
def test_a_backup_inside_the_home_is_refused(filled, home, where):
    before = content(home)
    with pytest.raises(OperatorError, match="lies in the home: a backup there goes when the home does"):
        back_up(home, home / where)
    assert content(home) == before


def test_where_no_home_is_nothing_is_backed_up(tmp_path, to):
    with pytest.raises(OperatorError, match="there is no home in "):
        back_up(tmp_path, to)
    assert not to.exists()


def test_a_place_that_is_no_folder_is_said(filled, home, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OperatorError, match="the backup cannot be written to "):
        back_up(home, tmp_path / "file")
    with pytest.raises(OperatorError, match="No such file or directory"):
        back_up(home, tmp_path / "not mounted" / "backups")


def test_of_two_backups_at_once_one_is_refused(filled, home, to):
    to.mkdir()
    with (
        backups.held(to / ".lock", otherwise="never"),
        pytest.raises(OperatorError, match="another backup is being written to "),
    ):
        back_up(home, to)
    assert made_in(to) == []


@pytest.mark.parametrize("largest", [30 << 20, 2 << 20], ids=["seen before", "met on the way"])
def test_a_disk_that_is_full_keeps_nothing_and_says_so(filled, home, small_disk, largest):
    (home / "secrets" / "large").write_bytes(b"x" * largest)
    names = [name for name in sorted(content(home)) if name.startswith("images/")]
    if largest < 16 << 20:  # room enough for the images and to spare; the rest does not fit
        (home / "secrets" / "large").write_bytes(b"x" * (25 << 20))
    else:
        (home / names[0]).write_bytes(b"x" * largest)
    with pytest.raises(OperatorError, match="is full: the backup was not kept; make room, or use another"):
        back_up(home, small_disk)
    assert made_in(small_disk) == []


def test_a_backup_that_is_killed_leaves_none_and_the_next_one_is_whole(home, to):
    filled = Filled(home, tiles=40)
    filled.engine.dispose()
    for number in range(3):
        command = [sys.executable, "-m", "infra.ops", "--home", str(home), "backup", str(to)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        wait_until(lambda: process.poll() is not None or list(to.glob("*.part/images/*")), within_s=60, every_s=0.001)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        left = list(to.glob("*.part"))
        for part in left:
            with pytest.raises(OperatorError, match=r"there is no backup in|is damaged"):
                backups.check(part)
        assert number or left, "the first must have been cut short"
    made, _ = back_up(home, to)
    assert list(to.glob("*.part")) == []
    backups.check(made)
