"""What the operator's commands find and do, on both databases."""

import pytest
from sqlalchemy import text

from chalicelib.adapters.database.diagnostics import SqlDiagnostics
from chalicelib.adapters.database.replays import SqlReplays
from chalicelib.adapters.database.schema.migrate import head
from chalicelib.application import redrive as redriving
from chalicelib.application import replay as replaying
from chalicelib.domain.errors import BadImage, Conflict, NotFound, ProviderRefused, Unavailable
from chalicelib.domain.exports import ExportState, NewExport, WhichImages
from chalicelib.domain.jobs import Queue, TileJob
from chalicelib.domain.layer_imports import ImportOptions, ImportState, NewImport
from chalicelib.domain.pushes import DeliveryStatus, Target, TargetKind
from chalicelib.domain.sessions import SessionStatus
from tests.support.builders.domain import a_change
from tests.support.timing import at_once
from tests.support.trip import LEASE_S, Trip, jobs_of

PHONE = Target(kind=TargetKind.TOKEN, address="phone")


@pytest.fixture
def trip(engine):
    return Trip(engine, targets=[PHONE])


def stuck(trip, carried_by="a worker"):
    return SqlDiagnostics(trip.engine, carried_by=carried_by).stuck(now=trip.now, limit=50)


def replay(trip, session, tile=None):
    replays = SqlReplays(trip.engine, deadline_s=3600, retry_s=900)
    return replaying.replay(
        session.session_id, tile=tile, replays=replays, jobs=trip.jobs, clock=trip.clock, request_id=""
    )


def a_failed_session(trip, **area):
    """Give an area and its session whose captures all failed."""
    area = trip.add_area(**area)
    trip.imagery._scenes.clear()  # what another area has stored of one would not fail
    trip.show(f"march of {area.area_id}", days=-1)
    trip.imagery.fail(None, ProviderRefused("it rains"))
    session = trip.capture_now(area)
    trip.work()
    trip.imagery.heal()
    assert trip.session(session).status is SessionStatus.ERROR
    return area, trip.session(session)


def latest(trip):
    return trip.all_sessions()[0]


def test_the_inspection_knows_the_schema_and_its_server(trip):
    inspection = SqlDiagnostics(trip.engine, carried_by="SQS")
    assert inspection.revision() == head()
    server, its_time, mode = inspection.server()
    assert server.split()[0] in ("SQLite", "MariaDB", "MySQL")
    assert (its_time is None) == (server.startswith("SQLite"))
    assert mode == "" or "STRICT_TRANS_TABLES" in mode


def test_nothing_is_stuck_while_all_goes_on(trip):
    area = trip.add_area()
    trip.run_session(area, "march", days=-1)
    trip.show("april", days=30)
    trip.capture_now(area)
    assert stuck(trip) == []


def test_a_tile_whose_worker_died_is_listed_with_what_comes_of_it(trip):
    trip.add_area(tiles=1)
    trip.tick()
    (job,) = jobs_of(trip, Queue.CAPTURES)
    trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S)
    trip.outbox.taken([1])
    trip.wait(seconds=LEASE_S + 40)
    (found,) = stuck(trip)
    assert "is CAPTURING: its worker's lease has ended" in found.what
    assert found.waits_s == 40
    assert "writes its job anew" in found.next
    trip.reconcile()
    assert "writes its job anew" not in str(stuck(trip)), "and so it was"


def test_a_session_past_its_deadline_and_jobs_nobody_takes_are_listed(trip):
    area = trip.add_area(tiles=2)
    session = trip.capture_now(area)
    trip.wait(seconds=3700)
    by_what = {found.what: found for found in stuck(trip, "SQS")}
    overdue = by_what[f"session {session.session_id} of area {area.area_id} is past its deadline, 2 of 2 tiles open"]
    assert (overdue.waits_s, "ends its open tiles FAILED" in overdue.next) == (100, True)
    assert "sends them again" in by_what["2 jobs of captures wait for SQS, tried 0 times at most"].next
    session_id, open_s, left_s = SqlDiagnostics(trip.engine, carried_by="SQS").oldest_session(now=trip.now)
    assert (session_id, open_s, left_s) == (session.session_id, 3700, -100)
    trip.reconcile()
    assert not [found for found in stuck(trip) if "session" in found.what]


def test_a_push_that_is_refused_for_now_is_listed_with_its_next_try(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=-1)
    trip.push.script = {"phone": DeliveryStatus.PENDING}
    trip.run_session(area, "april", days=30, change=a_change(m2=900))
    trip.wait(seconds=31)
    (found,) = stuck(trip)
    assert "tried 1 times: scripted" in found.what
    assert "phone" not in found.what
    assert found.next.startswith("it is tried again in 0 s and given up in ")


def test_dead_letters_go_back_and_their_tiles_get_their_answer(trip):
    trip.add_area(tiles=2)
    trip.imagery = RuntimeError("the detector sleeps")
    trip.tick()
    for _ in range(6):
        trip.work()
        trip.wait(seconds=30)
    assert trip.jobs.dead_letters_waiting() == {Queue.CAPTURES: 2}
    (letters,) = [found for found in stuck(trip) if "dead letters" in found.what]
    assert letters.what == "2 dead letters of captures, one because of: the detector sleeps"
    trip.imagery = Trip(trip.engine).imagery.show("march", trip.now)
    assert redriving.redrive(jobs=trip.jobs, runs=trip.runs) == {Queue.CAPTURES: 2}
    assert trip.jobs.dead_letters_waiting() == {}
    trip.work()
    assert latest(trip).counts_by_verdict == {"BASELINE": 2}
    assert redriving.redrive(jobs=trip.jobs, runs=trip.runs) == {}


def test_dead_letters_of_files_and_archives_go_back_or_are_ended(trip):
    """A file to be read, and an archive to be written: given up by a worker, they are tried again, or say why not."""
    area, user_id = trip.add_area(tiles=1), trip.user.user_id
    new = NewImport(user_id=user_id, object_key="imports/1-a", file_name="plots.kml")
    given = trip.imports.add(new, now=trip.now, most_waiting=9)
    trip.jobs.send(trip.imports.read(given.import_id, user_id=user_id, options=ImportOptions(), now=trip.now))
    wanted = {"area_id": area.area_id, "user_id": user_id, "images": WhichImages.NONE, "since": None}
    export, messages = trip.exports.add(NewExport(**wanted, token="t"), now=trip.now, most_kept=9)
    trip.jobs.send(messages)

    def die():
        for _ in range(2):
            received = trip.outbox.receive([Queue.IMPORTS], now=trip.now, lease_s=LEASE_S)
            trip.outbox.give_back(received, available_at=trip.now, reason="no answer within 600 s", dead=True)

    def states():
        found = trip.exports.get(export.export_id, area_id=area.area_id, user_id=user_id)
        return trip.imports.get(given.import_id, user_id=user_id).state, found.state

    die()
    assert trip.jobs.dead_letters_waiting() == {Queue.IMPORTS: 2}
    (letters,) = [found for found in stuck(trip) if "dead letters" in found.what]
    assert letters.what == "2 dead letters of imports, one because of: no answer within 600 s"
    assert redriving.redrive(jobs=trip.jobs, runs=trip.runs) == {Queue.IMPORTS: 2}
    assert states() == (ImportState.READING, ExportState.WAITING), "whoever takes them now goes on"
    assert trip.exports.claim(export.export_id, now=trip.now, lease_s=LEASE_S) is not None
    trip.wait(seconds=LEASE_S + 1)
    die()
    trip.reconcile()
    assert states() == (ImportState.FAILED, ExportState.FAILED)
    assert trip.imports.get(given.import_id, user_id=user_id).problem.reason.startswith("this file could not be read")
    found = trip.exports.get(export.export_id, area_id=area.area_id, user_id=user_id)
    assert found.problem.startswith("this archive could not be written")
    assert trip.jobs.dead_letters_waiting() == {}


def test_a_replay_captures_what_failed_and_only_that(trip):
    area = trip.add_area(tiles=3)
    trip.show("march", days=-1)
    session = trip.capture_now(area)
    first, *others = jobs_of(trip, Queue.CAPTURES)
    trip.imagery.fail(None, ProviderRefused("it rains"), times=1)
    for job in (first, *others):
        trip.capture_tile(job)
    assert trip.session(session).counts_by_verdict == {"FAILED": 1, "BASELINE": 2}
    assert replay(trip, session).endswith("opened: 1 tiles to capture, 0 to compare")
    with pytest.raises(Conflict, match=r"session \d+ of this area is open"):
        replay(trip, session)
    for job in jobs_of(trip, Queue.CAPTURES):
        if job.session_id != session.session_id:
            trip.capture_tile(job)
    assert latest(trip).counts_by_verdict == {"BASELINE": 1}
    assert "has its answer since" in replay(trip, session)
    assert len(trip.all_sessions()) == 2


def test_a_replay_compares_again_what_could_not_be_compared(trip):
    area = trip.add_area(tiles=2)
    trip.run_session(area, "march", days=-1)
    session = trip.run_session(area, "april", days=30, change=BadImage("the disk hiccuped"))
    assert session.counts_by_verdict == {"FAILED": 2}
    trip.change = a_change(m2=900)
    assert replay(trip, session).endswith("opened: 0 tiles to capture, 2 to compare")
    trip.work()
    assert latest(trip).counts_by_verdict == {"CHANGED": 2}
    assert len(trip.push.pushes) == 1
    assert "has its answer since" in replay(trip, session)
    assert "was made already" in replay(trip, latest(trip))
    trip.work()
    assert len(trip.push.pushes) == 1


def test_one_tile_can_be_replayed_alone(trip):
    _, session = a_failed_session(trip, tiles=2)
    failure = session.failures[0].tile
    from chalicelib.domain.tiles import Tile

    assert replay(trip, session, Tile.parse(failure)).endswith("opened: 1 tiles to capture, 0 to compare")
    trip.work()
    assert latest(trip).counts_by_verdict == {"BASELINE": 1}
    with pytest.raises(Conflict, match="did not fail in session"):
        replay(trip, session, Tile(17, 1, 1))


def test_replays_at_once_open_one_session(trip):
    for number in range(8):
        area, session = a_failed_session(trip, tiles=2, name=f"Race {number}")
        answers = at_once(*[lambda session=session: replay(trip, session)] * 4)
        assert sum(isinstance(answer, str) and "opened" in answer for answer in answers) == 1, answers
        trip.work()
        assert len([each for each in trip.all_sessions() if each.area_id == area.area_id]) == 2


def test_pushes_that_failed_are_asked_for_again_and_none_is_made_twice(trip):
    trip.targets.append(Target(kind=TargetKind.TOKEN, address="tablet"))
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=-1)
    trip.push.script = {"phone": DeliveryStatus.FAILED}
    session = trip.run_session(area, "april", days=30, change=a_change(m2=900))
    assert [target.address for _, target in trip.push.pushes] == ["tablet"]
    trip.push.script = {}
    trip.wait(hours=9)
    at_once(*[lambda: replay(trip, session)] * 4)
    trip.reconcile()
    trip.work()
    assert sorted(target.address for _, target in trip.push.pushes) == ["phone", "tablet"]
    assert "was made already" in replay(trip, session)


def test_what_cannot_be_replayed_says_why(trip):
    area = trip.add_area(tiles=1)
    session = trip.run_session(area, "march", days=-1)
    with pytest.raises(Conflict, match="nothing failed in session 1, and it has no alert to push"):
        replay(trip, session)
    trip.delete(area)
    with pytest.raises(Conflict, match="was deleted"):
        replay(trip, session)

    class Nobody:
        session_id = 999

    with pytest.raises(NotFound, match="there is no session 999"):
        replay(trip, Nobody)


def test_a_database_of_another_release_says_so_instead_of_breaking(trip):
    with trip.engine.begin() as connection:
        connection.execute(text("ALTER TABLE area_configs RENAME COLUMN cadence_hours TO cadence"))
    with pytest.raises(Unavailable, match="the database's tables are not those of this code"):
        trip.add_area()
    with trip.engine.begin() as connection:
        connection.execute(text("DROP TABLE outbox"))
    with pytest.raises(Unavailable, match="the database's tables are not those of this code"):
        trip.jobs.backlog_age_s()


def test_an_old_message_is_read_and_a_new_one_by_old_code(trip):
    """A message of the release before has neither tile nor request; one of this release has no more numbers."""
    old = '{"schema": 1, "session_id": 3, "tile_run_id": 4}'
    assert TileJob.from_json(old).ids == {"session_id": 3, "tile_run_id": 4}
    trip.add_area(tiles=1)
    trip.tick()
    (job,) = jobs_of(trip, Queue.CAPTURES)
    assert {name for name, value in job.ids.items() if isinstance(value, int)} == {"session_id", "tile_run_id"}


def test_a_replay_of_some_tiles_is_no_all_clear_and_leaves_the_areas_state(trip):
    area = trip.add_area(tiles=4)
    trip.run_session(area, "march", days=-1)
    trip.wait(days=31)
    trip.show("april", days=30)
    trip.imagery.fail(next(each.image.view.tile for each in trip.tiles(area)), ProviderRefused("it rains"))
    trip.clear_share = 0.0
    failed = trip.capture_now(area)
    trip.work()
    stood = trip.areas.standings([area.area_id])[area.area_id]
    assert trip.session(failed).counts_by_verdict == {"FAILED": 1, "OBSCURED": 3}
    trip.imagery.heal()
    trip.clear_share = 1.0
    trip.wait(hours=1)
    replay(trip, failed)
    trip.work()
    assert latest(trip).counts_by_verdict == {"NO_CHANGE": 1}
    assert not latest(trip).is_all_clear
    assert trip.areas.standings([area.area_id])[area.area_id] == stood
