"""What the documents say of settings and verdicts is what the code has, and the README is short."""

import re
from pathlib import Path

import pytest

from chalicelib.domain.tile_runs import Verdict
from chalicelib.settings import GROUPS, TEST_ONLY, UNPREFIXED, Settings
from chalicelib.settings.refusals import limits
from infra.settings_doc import page, unit_of
from tests.support.sources import ROOT, files, text_of

README = text_of(Path("README.md"))
SETTINGS = text_of(Path("docs/settings.md"))
USING = text_of(Path("docs/using.md"))
CONTRIBUTING = text_of(Path("CONTRIBUTING.md"))
ROW = re.compile(r"^\| `([A-Z_0-9]+)` \| (—|`[^`]+`) \| (\S.+) \|$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)\)")
DECISIONS = [path for path in files("*.md") if path.parts[:2] == ("docs", "decisions")]


def test_the_readme_is_read_in_ten_minutes():
    assert len(README.splitlines()) <= 150


def test_the_document_of_the_settings_is_what_the_models_say():
    assert page() == SETTINGS, "run make settings"


def test_every_setting_stands_there_once_with_its_default():
    rows = [(name, default.strip("`").replace("—", "")) for name, default, _ in ROW.findall(SETTINGS)]
    assert sorted(rows) == sorted((name.upper(), str(value)) for name, value in Settings.of().by_name().items())


def test_every_setting_says_what_it_is():
    fields = {name: field for group in GROUPS.values() for name, field in group.model_fields.items()}
    assert len(fields) == sum(len(group.model_fields) for group in GROUPS.values()), "a name stands in two groups"
    assert {name for name, field in fields.items() if not (field.description or "").endswith(".")} == set()
    numbers = {name for name, field in fields.items() if field.annotation in {int, float}}
    assert {name for name in numbers if "ge" not in limits(fields[name])} == set()
    units = {"_s": "seconds", "_hours": "hours", "_days": "days", "_mib": "MiB", "_share": "a share"}
    named = {name: units.get(f"_{name.rpartition('_')[2]}", "") for name in numbers}
    assert {name: unit_of(fields[name]) for name in numbers} == named


def test_the_names_without_a_prefix_are_named():
    sentence = next(line for line in SETTINGS.splitlines() if "without the prefix" in line)
    assert set(re.findall(r"`([A-Z_]+)`", sentence)) == set(UNPREFIXED)


def test_what_only_the_tests_read_is_named():
    assert [name for name in TEST_ONLY if f"BHUPRAHARI_{name}" not in CONTRIBUTING] == []


def test_what_a_contributors_list_names_is_there():
    named = set(re.findall(r"[\w.-]+(?:/[\w.-]+)+(?:\.\w+|/)", CONTRIBUTING))
    paths = {name for name in named if not re.search(r"NAME|NNNN|FUNCTION", name)}
    assert len(paths) > 40
    assert {name for name in paths if not (ROOT / name).exists()} == set()


def test_every_verdict_is_explained():
    explained = {name for name, _ in re.findall(r"^\| `([A-Z_]+)` \| ([A-Z].+) \|$", USING, re.MULTILINE)}
    assert explained == {verdict.value for verdict in Verdict}


@pytest.mark.parametrize("path", files("*.md"), ids=str)
def test_a_link_between_documents_leads_somewhere(path):
    targets = LINK.findall(text_of(path))
    assert [target for target in targets if not (ROOT / path.parent / target).exists()] == []


@pytest.mark.parametrize("path", DECISIONS, ids=str)
def test_a_decision_is_short(path):
    assert 5 <= len(text_of(path).splitlines()) <= 40
