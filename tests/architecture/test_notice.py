"""NOTICE names each package that is delivered on AWS, under the licence that the package says itself."""

import importlib.metadata
import re
from pathlib import Path

import pytest

from tests.support.sources import text_of

LINE = re.compile(r"^  (\S+(?: (?:AND|OR) \S+)*) {3,}(.+(?:\n {6,}.+)*)", re.MULTILINE)
LOCKS = (
    "requirements.txt",
    "layers/opencv/requirements.txt",
    "layers/firebase/requirements.txt",
    "layers/shapely/requirements.txt",
    "layers/gdal/requirements.txt",
)


def named(lock):
    """Give each package's licence, as NOTICE says it of one lock."""
    section = text_of(Path("NOTICE")).split(f"({lock})")[1].split("\n\n")[0]
    return {name: licence for licence, names in LINE.findall(section) for name in names.split()}


@pytest.mark.parametrize("lock", LOCKS)
def test_the_notice_names_what_is_packaged(lock):
    locked = set(re.findall(r"^([\w.-]+)==", text_of(Path(lock)), re.MULTILINE))
    assert set(named(lock)) == locked


@pytest.mark.parametrize("lock", LOCKS)
def test_the_notice_says_the_licence_that_a_package_says(lock):
    own = {name: importlib.metadata.metadata(name).get("License-Expression") for name in named(lock)}
    own = {name: licence for name, licence in own.items() if licence}  # older packages say it in words of their own
    assert len(own) > 0.4 * len(named(lock))
    assert {name: licence for name, licence in named(lock).items() if name in own} == own
