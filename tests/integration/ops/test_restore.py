"""A home comes back from a backup that is whole; what cannot is said, and harms nothing."""

import json
import shutil

import pytest

from chalicelib.adapters.database.schema.migrate import head
from infra.errors import OperatorError
from infra.ops import backups
from infra.ops.backup import back_up
from infra.ops.restore import restore
from infra.ops.upgrade import upgrade
from tests.support.homes import DATABASE, Filled, content, run


def damage(folder, name):
    path = folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("kind", ["database", "image", "key", "manifest", "missing", "cut short"])
def test_a_damaged_backup_is_refused_and_the_home_is_as_it_was(filled, home, to, kind):
    made, _ = back_up(home, to)
    image = next(name for name in sorted(content(made)) if name.startswith("images/"))
    files = {"database": DATABASE, "image": image, "key": "secrets/link-key", "manifest": "manifest.json"}
    if kind in files:
        damage(made, files[kind])
    elif kind == "missing":
        (made / image).unlink()
    else:
        (made / DATABASE).write_bytes((made / DATABASE).read_bytes()[:-4096])
    filled.engine.dispose()
    before = content(home)
    with pytest.raises(OperatorError, match="is damaged: "):
        restore(made, home, is_meant=True)
    assert content(home) == before


def rewritten(folder, **changed):
    """Write a manifest anew, as whoever made it would have."""
    kept = json.loads((folder / "manifest.json").read_text()) | changed
    del kept["sha256"]
    (folder / "manifest.json").write_text(backups.Manifest(**kept).text())


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"revision": "9999"}, "is of a newer version \\(its database is at revision 9999, this version knows "),
        ({"format": 99}, "was made by a newer version of this program: install that one first"),
        ({"files": {"../../elsewhere": "0"}}, "it names files that are not in it"),
    ],
)
def test_a_backup_of_a_newer_version_is_refused(filled, home, to, changed, says):
    made, _ = back_up(home, to)
    rewritten(made, **changed)
    with pytest.raises(OperatorError, match=says):
        restore(made, home, is_meant=True)


def test_what_is_no_backup_is_refused(tmp_path):
    with pytest.raises(OperatorError, match=r"there is no backup in .*: it has no manifest.json"):
        restore(tmp_path, tmp_path / "home", is_meant=True)


def test_a_home_in_use_is_overwritten_only_when_that_is_meant_and_kept_beside_it(filled, home, to, capsys):
    made, _ = back_up(home, to)
    filled.go_on()
    filled.engine.dispose()
    before = content(home)
    status, _, why = run(capsys, "--home", home, "restore", made)
    assert (status, "is in use: say --yes" in why) == (1, True)
    assert content(home) == before
    status, said, _ = run(capsys, "--home", home, "restore", made, "--yes")
    assert status == 0
    (kept,) = home.parent.glob("home.before-*")
    assert said.endswith(f"what was there is in {kept}\n")
    assert content(kept).keys() - {"worker.lock"} == before.keys()
    assert Filled.sessions(filled) == 2


def test_a_home_that_runs_is_neither_restored_nor_upgraded(filled, home, to):
    made, _ = back_up(home, to)
    before = content(home)
    with backups.held(home / "worker.lock", otherwise="never"):
        with pytest.raises(OperatorError, match="is running: stop it first"):
            restore(made, home, is_meant=True)
        with pytest.raises(OperatorError, match="is running: stop it first"):
            upgrade(home, to, migrate=head)
    assert content(home).keys() - {"worker.lock"} == before.keys()


def test_what_is_not_a_homes_is_not_moved_away(filled, home, to):
    made, _ = back_up(home, to)
    (home / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(OperatorError, match=r"holiday.jpg in .* is not of a home: move it out"):
        restore(made, home, is_meant=True)
    assert (home / "holiday.jpg").exists()


def test_what_the_demo_laid_into_a_home_stops_no_restore(filled, home, to):
    made, _ = back_up(home, to)
    (home / "demo").mkdir()
    (home / "demo" / "1-before.png").write_bytes(b"x")
    restore(made, home, is_meant=True)
    (kept,) = home.parent.glob("home.before-*")
    assert (kept / "demo" / "1-before.png").exists()


def test_a_disk_that_is_full_leaves_the_home_of_before(filled, home, to, small_disk):
    made, _ = back_up(home, to)
    there = small_disk / "home"
    shutil.copytree(home, there)
    (small_disk / "ballast").write_bytes(b"x" * (shutil.disk_usage(small_disk).free - 100_000))
    before = content(there)
    with pytest.raises(OperatorError, match="the home of before is as it was"):
        restore(made, there, is_meant=True)
    assert content(there).keys() - {"worker.lock"} == before.keys()
    assert sorted(path.name for path in small_disk.iterdir()) == ["ballast", "home"]


# --- Upgrade
