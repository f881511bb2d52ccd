"""The simulation itself: it says the same thing twice, and each invariant sees what breaks it."""

import os
import subprocess
import sys
from dataclasses import replace
from importlib import import_module

import pytest

from tests.simulation.guards import GUARDS
from tests.simulation.history import History, Seat
from tests.simulation.invariants import State, verify
from tests.simulation.mutants import removed
from tests.simulation.ports import installed
from tests.simulation.running import content, run_seeds, told
from tests.simulation.upkeep import Upkeep
from tests.support.sources import ROOT

SEED = 7
A_MESSAGE = (
    "INSERT INTO outbox (queue, body, session_id, created_at, available_at, receives, reason)"
    " VALUES ('captures', '{}', 1, '2026-03-01 00:00:00', '2026-03-01 00:00:00', 0, '')"
)
FIRST = '[["item-0", "2026-03-01T01:00:00+00:00", "0", null]]'
AN_IMAGE_TWICE = (
    "UPDATE alert_details SET image_id = (SELECT image_id FROM alert_details ORDER BY id LIMIT 1),"
    " reference_id = (SELECT reference_id FROM alert_details ORDER BY id LIMIT 1)"
)
BROKEN = {
    "UPDATE session_tiles SET verdict = NULL WHERE id = 1": "one verdict",
    "UPDATE session_tiles SET verdict = 'BASELINE' WHERE id = 1": "one verdict",
    "UPDATE session_tiles SET verdict = 'FAILED', reason = 'answered 503' WHERE id = 1": "transient is not final",
    "UPDATE alert_sessions SET tiles_planned = 99 WHERE id = 1": "counts agree",
    "UPDATE alert_sessions SET status = 'COMPLETED_CHANGES_DETECTED' WHERE id = 1": "counts agree",
    "DELETE FROM comparisons": "no all-clear unseen",
    "UPDATE image_tiles SET object_key = '1/none.png' WHERE id = 1": "no row without its object",
    "UPDATE image_tiles SET dropped_at = '2026-03-02' WHERE id = 1": "what is in use is not dropped",
    "UPDATE alert_details SET mask_key = NULL": "no object without its row",
    "UPDATE alert_sessions SET status = 'IN_PROGRESS', deadline_at = slot_at WHERE id = 1": "open past its deadline",
    A_MESSAGE: "nothing is left",
    "UPDATE session_tiles SET lease_until = '2026-03-01' WHERE id = 1": "nothing is left",
    "UPDATE deliveries SET status = 'PENDING' WHERE id = 1": "nothing is left",
    AN_IMAGE_TWICE: "no image told of twice",
    "UPDATE places SET merged_into_id = id WHERE id = 1": "a planted change is one place",
    "UPDATE place_sightings SET place_id = NULL WHERE id = 1": "a planted change is one place",
    "UPDATE place_sightings SET is_told = 0 WHERE id = 1": "a planted change is one place",
    "UPDATE places SET area_id = 77 WHERE id = 1": "deleted areas leave nothing",
    "DELETE FROM alert_details": "a planted change is alerted",
    "UPDATE area_configs SET deleted_at = '2026-03-02' WHERE id = 1": "deleted areas leave nothing",
    "UPDATE alert_sessions SET area_id = 77 WHERE id = 1": "deleted areas leave nothing",
    "INSERT INTO sim_held (run_id, was, now) VALUES (1, '2026-03-01', '2026-03-01')": "one worker a tile run",
    f"UPDATE image_tiles SET scene_items = '{FIRST}'": "nothing is missed",
}


@pytest.fixture(scope="module")
def calm():
    """Give a history in which nothing went wrong, at its end."""
    with installed() as stage:
        history = History(SEED, Seat(content(), stage), queue="home")
        history.world.faults.end()
        yield history.run(), history.database.raw.serialize()


def broken(history):
    return {violation.invariant for violation in verify(State.of(history))}


def test_a_history_in_which_nothing_goes_wrong_holds_every_invariant(calm):
    history, _ = calm
    assert history.world.violations == []
    assert history.database.value("SELECT COUNT(*) FROM alert_details") > 1
    assert len(history.push.shown) > 1


@pytest.mark.parametrize("statement", BROKEN)
def test_a_database_that_breaks_an_invariant_is_seen(calm, statement):
    history, whole = calm
    history.database.raw.deserialize(whole)
    assert broken(history) == set()
    history.database.raw.execute("PRAGMA foreign_keys=OFF")
    history.database.raw.execute(statement)
    assert BROKEN[statement] in broken(history)
    history.database.raw.deserialize(whole)


def test_a_second_push_of_what_is_on_record_is_seen(calm):
    history, whole = calm
    history.database.raw.deserialize(whole)
    first = history.push.shown[0]
    history.push.shown.append(replace(first, claimed=first.recorded + 1))
    assert broken(history) == {"nothing twice to one device"}
    history.push.shown.pop()


def test_work_that_takes_its_worker_with_it_too_often_is_seen(calm):
    history, _ = calm
    history.world.begun[1, "gate"] = 6
    assert broken(history) == {"given up after five tries"}
    history.world.begun.clear()


LEFT = (
    "UPDATE alert_sessions SET status = 'IN_PROGRESS', deadline_at = slot_at WHERE id = 1",
    "UPDATE session_tiles SET verdict = NULL, retry_at = '2026-03-01 00:00:00' WHERE id = 1",
    A_MESSAGE.replace("reason)", "reason, dead_at)").replace("'')", "'', '2026-03-01')"),
)


@pytest.mark.parametrize("statement", LEFT)
def test_what_a_whole_reconcile_leaves_behind_is_seen(calm, statement):
    history, whole = calm
    history.database.raw.deserialize(whole)
    Upkeep(history).ended()
    assert history.world.violations == []
    history.database.raw.execute(statement)
    Upkeep(history).ended()
    assert {violation.invariant for violation in history.world.violations} == {
        "a whole reconcile leaves nothing behind"
    }
    history.world.violations.clear()
    history.database.raw.rollback()


def test_a_scene_that_was_passed_over_is_seen(calm):
    history, whole = calm
    history.database.raw.deserialize(whole)
    history.database.raw.execute("PRAGMA foreign_keys=OFF")
    nothing_new = "SELECT id, verdict FROM session_tiles WHERE verdict = 'NO_NEW_IMAGERY'"
    history.database.raw.execute(f"INSERT INTO sim_ended (run_id, verdict) {nothing_new}")
    history.seeing.committed()
    assert history.world.violations == []
    history.database.raw.execute(f"INSERT INTO sim_ended (run_id, verdict) {nothing_new}")
    history.database.raw.execute("DELETE FROM image_tiles")
    history.seeing.committed()
    assert {violation.invariant for violation in history.world.violations} == {"what can be seen is looked at"}
    history.world.violations.clear()
    history.database.raw.rollback()


def test_the_same_seed_is_the_same_history():
    command = [sys.executable, "-m", "tests.simulation", "--told", "--first", str(SEED)]
    environment = os.environ | {"PYTHONHASHSEED": "5"}
    elsewhere = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    assert elsewhere.strip() == told(SEED).strip()


def test_some_histories_on_each_queue():
    for queue in ("home", "sqs"):
        assert [one for one in run_seeds(range(1, 5), queue=queue) if one.violations] == []


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_each_guard_can_be_taken_out(guard):
    """It fails where the product has changed: then `tests/simulation/guards.py` says what is no longer there."""
    before = vars(import_module(guard.module))[guard.target]
    with removed(guard):
        assert vars(import_module(guard.module))[guard.target] is not before
    assert vars(import_module(guard.module))[guard.target] is before


def test_a_missing_guard_is_missed():
    guard = GUARDS[0]  # what was never compared is nothing new
    with removed(guard):
        assert any(one.violations for one in run_seeds(range(5, 20)))
    assert not any(one.violations for one in run_seeds(range(1, 2)))
