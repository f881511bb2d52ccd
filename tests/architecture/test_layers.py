"""The layers: what goes into them, and that the same goes in twice."""

import re
import zipfile

import pytest

from layers.build import LAYERS, locked_for, pack, prune
from tests.support.sources import ROOT

PIN = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)


def lock_of(name):
    return (ROOT / "layers" / name / "requirements.txt").read_text(encoding="utf-8")


def tree(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name, encoding="utf-8")
    return root


def left(root):
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_there_is_a_layer_for_each_lock():
    assert {path.parent.name for path in (ROOT / "layers").glob("*/requirements.txt")} == set(LAYERS)


@pytest.mark.parametrize("arch", ["arm64", "x86_64"])
def test_a_lock_for_several_pythons_is_read_for_lambdas(arch):
    kept = locked_for(lock_of("opencv"), arch)
    assert [name for name, _ in PIN.findall(kept)] == ["numpy", "opencv-python-headless", "simplejpeg"]
    assert ";" not in kept
    lock = "a==1 ; python_full_version < '3.12' \\\n    --hash=sha256:1\n"
    lock += "a==2 ; platform_machine == 'x86_64' \\\n    --hash=sha256:2"
    assert locked_for(lock, arch) == {"arm64": "", "x86_64": "a==2 \\\n    --hash=sha256:2"}[arch]


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_and_the_functions_zip_hold_the_same_versions(name):
    carried = dict(PIN.findall((ROOT / "requirements.txt").read_text(encoding="utf-8")))
    layered = dict(PIN.findall(locked_for(lock_of(name), "arm64")))
    both = carried.keys() & layered.keys()
    assert {each: layered[each] for each in both} == {each: carried[each] for each in both}


def test_opencv_loses_what_nobody_runs(tmp_path):
    used = {"cv2/cv2.abi3.so", "numpy/linalg/linalg.py", "numpy/_core/tests/_natype.py", "numpy/testing/overrides.py"}
    unused = {"cv2/data/a.xml", "numpy/f2py/a.py", "numpy/_core/include/numpy/a.h", "numpy/random/lib/a.a"}
    unused |= {"numpy/ma/tests/test_a.py", "numpy/_core/tests/data/a.txt", "numpy/__init__.pyi", "bin/f2py"}
    prune("opencv", tree(tmp_path, *used, *unused))
    assert left(tmp_path) == used


def test_firebase_loses_nothing_that_was_not_tried(tmp_path):
    prune("firebase", tree(tmp_path, "grpc/a.pyi", "google/auth/tests/a.py", "bin/httpx"))
    assert left(tmp_path) == {"grpc/a.pyi", "google/auth/tests/a.py"}


def test_the_same_files_give_the_same_zip(tmp_path):
    zips = []
    for number, names in enumerate((["python/b.py", "python/a/c.so"], ["python/a/c.so", "python/b.py"])):
        top = tree(tmp_path / str(number), *names)
        (top / "python" / "b.py").chmod(0o644 if number else 0o600)
        pack(top, tmp_path / f"{number}.zip")
        zips.append((tmp_path / f"{number}.zip").read_bytes())
    assert zips[0] == zips[1]
    with zipfile.ZipFile(tmp_path / "0.zip") as made:
        assert made.namelist() == ["python/a/c.so", "python/b.py"]
        assert made.read("python/b.py") == b"python/b.py"
        assert {entry.external_attr >> 16 for entry in made.infolist()} == {0o100644}
