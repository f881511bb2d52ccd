"""The tool that compares releases sees what it must, and lets through what the table says and nothing else."""

import json

import pytest

from tests.same_as import normal
from tests.same_as.allowed import ALLOWED, Line, Rename
from tests.same_as.comparing import IN_ORDER, PARTS, difference

DEMO = """ready http://127.0.0.1:{port}
first sweep (baselines): the landscape on 10 March 2025
  [############################] 9/9 tiles  {seconds:4} s
  COMPLETED_NO_CHANGES: 9 BASELINE

{alerts}
kept in:   {home}   Ctrl-C stops, the next start goes on from here
"""
SHED = '    3512   20.29920  85.71508  {home}/demo/{number}-{{before,after}}.png\n     694   20.29959  85.71437    "\n'
POND = "     544   20.29933  85.71155  {home}/demo/{number}-{{before,after}}.png\n"


def a_demo(*alerts, port=8000, seconds=6, home="/a/home"):
    listed = "".join(alert.format(home=home, number=number) for number, alert in enumerate(alerts, 1))
    return normal.demo(DEMO.format(port=port, seconds=seconds, home=home, alerts=listed), home)


def test_a_demo_is_the_same_at_another_port_and_place_and_pace():
    one, other = a_demo(SHED, POND), a_demo(POND, SHED, port=41234, seconds=17, home="/b")
    assert difference("demo", one, other) == []
    assert len(one) == len(other) == 10


@pytest.mark.parametrize(
    "changed",
    [
        lambda: a_demo(SHED),
        lambda: a_demo(SHED, POND.replace("544", "545")),
        lambda: a_demo(SHED.replace('     694   20.29959  85.71437    "\n', ""), POND),
        lambda: a_demo(POND.replace("\n", '\n     694   20.29959  85.71437    "\n'), SHED.partition("\n")[0] + "\n"),
        lambda: [line.replace("first sweep", "first look") for line in a_demo(SHED, POND)],
        lambda: [line.replace("9/9", "8/9") for line in a_demo(SHED, POND)],
    ],
)
def test_a_demo_that_says_something_else_is_found(changed):
    assert difference("demo", a_demo(SHED, POND), changed())


def test_an_answer_is_the_same_with_other_times_and_numbers_and_links():
    link = "captured_images/1/2-17-5-6-image-{}.png?expires={}&signature={}"
    one = {"id": 1, "createdAt": "2026-01-01T00:00:00.5Z", "imagePath": link.format("ab", 17, "0f")}
    other = {"id": 2, "createdAt": "2026-01-02T00:00:00Z", "imagePath": link.format("ab", 18, "1f")}
    assert normal.answer([one, other]) == normal.answer([other, one])
    assert normal.answer(one) == normal.answer(other)
    assert normal.answer(one) != normal.answer(other | {"imagePath": link.format("ac", 17, "0f")}), "another image"
    assert normal.answer(one) != normal.answer(other | {"createdAt": None})
    assert normal.answer({"bounds": [1, 2]}) != normal.answer({"bounds": [2, 1]})
    assert normal.answer({"captureTime": "2025-06-02T05:30:00Z"}) != normal.answer({"captureTime": None})


def test_where_a_paragraph_is_broken_says_nothing():
    one = "# Head\n\nSome words\nin two lines.\n- a list\n- goes on\n\n| a | b |\n<!-- a note -->\n"
    other = "# Head\n\nSome words in\ntwo lines.\n- a\n  list\n- goes on\n\n| a | b |\n"
    assert normal.paragraphs(one) == normal.paragraphs(other) != normal.paragraphs(one.replace("two", "three"))


def test_a_document_is_the_same_in_another_order():
    one = {"required": ["a", "b"], "parameters": [{"name": "x", "in": "path"}, {"name": "y"}], "none": []}
    other = {"none": [], "parameters": [{"name": "y"}, {"in": "path", "name": "x"}], "required": ["b", "a"]}
    assert set(normal.leaves(one)) == set(normal.leaves(other))
    assert set(normal.leaves(one)) != set(normal.leaves(one | {"required": ["a"]}))


ESTIMATE = {
    "properties": {"costPerSweepUsd": {"type": "number", "title": "Costpersweepusd"}, "tiles": {"type": "integer"}}
}
RENAMED = json.loads(json.dumps(ESTIMATE).replace("Sweep", "Session").replace("sweep", "session"))
BESIDE = {"costPerSweepUsd": {"type": "number", "title": "Costpersweepusd", "deprecated": True, "description": "old"}}
BOTH = {"properties": RENAMED["properties"] | BESIDE}


@pytest.mark.parametrize("after", [ESTIMATE, BOTH])
def test_a_listed_name_may_change_and_the_old_one_may_stay_beside_it(after):
    assert difference("openapi", normal.leaves(ESTIMATE), normal.leaves(after)) == []


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (json.dumps(RENAMED), '- properties.costPerSweepUsd.type = "number" (the old name must stay)'),
        (json.dumps(RENAMED).replace("costPerSessionUsd", "costPerLookUsd"), "+ properties.costPerLookUsd.type"),
        (json.dumps(RENAMED).replace("number", "string"), "- properties.costPerSweepUsd.type"),
        (json.dumps(BOTH).replace("tiles", "cells"), "- properties.tiles.type"),
        (json.dumps({"properties": BESIDE}), "+ properties.costPerSweepUsd.deprecated"),
        (json.dumps(ESTIMATE | {"description": "new"}), "+ description"),
    ],
)
def test_what_is_not_listed_is_found(after, says):
    found = difference("openapi", normal.leaves(ESTIMATE), normal.leaves(json.loads(after)))
    assert any(line.startswith(says) for line in found), found


@pytest.mark.parametrize("rename", [each for each in ALLOWED if isinstance(each, Rename)], ids=lambda each: each.now)
def test_a_rename_holds_for_its_parts_and_for_whole_words(rename):
    def renamed(part, text):
        beside = [text.format(rename.was)] if rename.stays else []
        return difference(part, [text.format(rename.was)], [text.format(rename.now), *beside])

    assert rename.why
    assert set(rename.parts) < set(PARTS)
    assert {part for part in PARTS if not renamed(part, "so {}: says")} == set(rename.parts)
    if rename.was[0].isalnum():
        assert all(renamed(part, "{}s") and renamed(part, "un{}") for part in rename.parts)


def test_without_the_table_a_listed_name_is_a_difference():
    assert difference("settings", ["SWEEP_SCHEDULE = x"], ["RECONCILE_SCHEDULE = x"], allowed=()) == [
        "+ RECONCILE_SCHEDULE = x",
        "- SWEEP_SCHEDULE = x",
    ]


def test_a_listed_line_may_read_otherwise_and_its_neighbours_may_not():
    table = (Line("demo", "a b", "a c", "it was wrong"), Line("demo", "", "new", "asked for"))
    assert difference("demo", ["a b", "d"], ["a c", "new", "d"], allowed=table) == []
    assert difference("demo", ["a b", "d"], ["a c", "d"], allowed=table) == []
    assert difference("demo", ["a b", "d"], ["a c", "e"], allowed=table) == ["- d", "+ e"]
    assert difference("demo", ["a b"], [], allowed=table) == ["- a b"], "a changed line is not a dropped one"
    assert difference("schema", ["a b"], ["a c"], allowed=table) == ["- a b", "+ a c"]


@pytest.mark.parametrize("part", IN_ORDER)
def test_the_order_counts_where_it_is_read(part):
    assert difference(part, ["a", "b"], ["b", "a"])
    assert difference("logs", ["a", "b"], ["b", "a"]) == []
