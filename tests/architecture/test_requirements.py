"""The package and the layers carry what the code imports: what is forgotten fails on Lambda alone."""

import ast
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions

import pytest
from packaging.requirements import Requirement

from tests.support.sources import ROOT

LAMBDA = {"boto3", "botocore"}  # the runtime brings them
OURS = {"chalicelib", "landscape"}
CARRIERS = {"": ROOT / "requirements.txt"} | {
    path.parent.name: path for path in (ROOT / "layers").glob("*/requirements.txt")
}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def carried(*names):
    """Give the distributions that requirement files lock."""
    texts = [CARRIERS[name].read_text(encoding="utf-8") for name in names]
    return {normal(found) for text in texts for found in re.findall(r"^([A-Za-z0-9][\w.-]*)==", text, re.MULTILINE)}


def imported():
    """Give the top packages that the packaged code imports, with a file that does."""
    found = {}
    for path in [ROOT / "app.py", *sorted((ROOT / "chalicelib").rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for name in names:
                found.setdefault(name.partition(".")[0], path.relative_to(ROOT).as_posix())
    return {name: path for name, path in found.items() if name not in sys.stdlib_module_names | OURS | LAMBDA}


def missing(there):
    """Say which imports no distribution of those brings; Chalice packages itself."""
    brings = packages_distributions()
    return {
        name: path
        for name, path in imported().items()
        if name not in {"chalice", "infra"} and not {normal(each) for each in brings.get(name, [])} & there
    }


def unmet(there):
    """Say which requirements of locked distributions are locked nowhere."""
    found = set()
    for name in there:
        try:
            wants = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # of a layer that this environment does not have
        for text in wants:
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": "", "python_version": "3.12"}):
                found.add((name, normal(wanted.name)))
    return {(name, wanted) for name, wanted in found if wanted not in there | LAMBDA}


LAYERS_OWN = {
    "cv2",
    "numpy",
    "firebase_admin",
    "simplejpeg",
    "google",
    "shapely",
    "pyogrio",
    "pyproj",
}  # imported in their rooms alone
DIRECT = {
    normal(found)
    for found in re.findall(
        r"^([A-Za-z0-9][\w.-]*)", (ROOT / "requirements.in").read_text(encoding="utf-8"), re.MULTILINE
    )
}


def lost(there):
    """Say what is not in the package and should be: what the code imports, and what was asked for by name."""
    return {*(set(missing(there)) - LAYERS_OWN), *(DIRECT - there)}


def test_the_package_carries_what_the_code_imports_and_what_was_asked_for():
    """What a layer carries helps the functions of that layer alone: requests is in firebase's."""
    assert lost(carried("")) == set()


@pytest.mark.parametrize("name", sorted(DIRECT))
def test_a_requirement_that_is_taken_out_is_noticed(name):
    assert lost(carried("") - {name}) != set()


def test_the_layers_carry_what_the_package_leaves_out():
    assert missing(carried(*CARRIERS)) == {}


def test_what_the_locked_ones_want_is_locked_too():
    assert unmet(carried("")) == set()
    assert unmet(carried("") - {"urllib3"}) != set()
