"""What the README says of settings and verdicts is what the code has."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from chalicelib.domain.tile_runs import Verdict
from chalicelib.settings import TEST_ONLY, UNPREFIXED, Settings
from tests.support.sources import ROOT, files, text_of

README = text_of(Path("README.md"))
ROW = re.compile(r"^\| `([A-Z_]+)` \| (—|`[^`]+`) \| (\S.+) \|$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)\)")
DECISIONS = [path for path in files("*.md") if path.parts[:2] == ("docs", "decisions")]


def table():
    return {name: default.strip("`").replace("—", "") for name, default, _ in ROW.findall(README)}


def test_every_setting_stands_in_the_readme_with_its_default():
    knobs = Settings()
    defaults = {item.name.upper(): str(getattr(knobs, item.name)) for item in fields(Settings) if item.name != "extra"}
    assert table() == defaults


def test_each_setting_stands_there_once():
    names = [name for name, _, _ in ROW.findall(README)]
    assert len(names) == len(set(names))


def test_the_names_without_a_prefix_are_named():
    sentence = next(line for line in README.splitlines() if "without the prefix" in line)
    assert set(re.findall(r"`([A-Z_]+)`", sentence)) == set(UNPREFIXED)


def test_what_only_the_tests_read_is_named():
    assert [name for name in TEST_ONLY if f"BHUPRAHARI_{name}" not in README] == []


def test_every_verdict_is_explained():
    explained = {name for name, _ in re.findall(r"^\| `([A-Z_]+)` \| ([A-Z].+) \|$", README, re.MULTILINE)}
    assert explained == {verdict.value for verdict in Verdict}


@pytest.mark.parametrize("path", files("*.md"), ids=str)
def test_a_link_between_documents_leads_somewhere(path):
    targets = LINK.findall(text_of(path))
    assert [target for target in targets if not (ROOT / path.parent / target).exists()] == []


@pytest.mark.parametrize("path", DECISIONS, ids=str)
def test_a_decision_is_short(path):
    assert 5 <= len(text_of(path).splitlines()) <= 40
