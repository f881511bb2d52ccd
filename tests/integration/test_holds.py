"""Legal holds: nothing of what they hold is deleted, whoever asks; and of a hold and a deletion that meet one wins."""

from time import sleep

import pytest
from sqlalchemy import select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.audit import SqlAudit
from chalicelib.adapters.database.removed_users import SqlRemovedUsers
from chalicelib.application.remove_user import purge_removed_users
from chalicelib.domain.audit import Deed
from chalicelib.domain.errors import Conflict, Invalid, NotFound, Unavailable
from chalicelib.domain.holds import Held, Hold
from chalicelib.domain.image_history import PastImage
from chalicelib.domain.places import PlaceFilter
from chalicelib.domain.retention import Policy
from chalicelib.domain.scenes import Scene
from chalicelib.domain.tile_runs import Captured
from tests.support.builders.domain import a_change
from tests.support.retained import KeepingTrip
from tests.support.shared_images import OFFSETS_S, claim_of
from tests.support.timing import at_once
from tests.support.trip import ALL

ROUNDS = 40
EACH_FIRST = ((0.5, 0.0), (0.0, 0.5))  # however busy the machine is
A_DAY = Policy(image_days=1, images_per_tile=50, bands_days=1, newest_per_tile=1)


@pytest.fixture
def trip(engine):
    return KeepingTrip(engine)


def place(trip, user=None, most_holds=1000, **held):
    of_user = {"user_id": (user or trip.user).user_id, "most_holds": most_holds}
    return trip.holds.place(Held(**held), **of_user, reason="case 12", now=trip.now)


def lift(trip, hold):
    return trip.holds.lift(hold.hold_id, user_id=trip.user.user_id, reason="settled", now=trip.now)


def deeds(engine):
    with engine.connect() as connection:
        entry = t.audit_entries
        told = connection.execute(select(entry.c.deed, entry.c.about).order_by(entry.c.number))
        return [tuple(row) for row in told if row.deed in (Deed.HOLD_PLACED, Deed.HOLD_LIFTED)]


def test_an_area_that_is_held_keeps_all_of_its_images_and_is_not_deleted(trip):
    area = trip.add_area(tiles=1)
    trip.look_each_day(area, range(4))
    hold = place(trip, area_id=area.area_id)
    trip.round(later_days=4000)
    assert trip.dropped(area) == []
    with pytest.raises(Conflict, match=rf"hold {hold.hold_id} on area {area.area_id}"):
        trip.delete(area)
    lifted = lift(trip, hold)
    assert (lifted.lifted_at, lifted.lift_reason) == (trip.now, "settled")
    trip.round()
    assert trip.dropped(area) == ["scene 1", "scene 2"]
    trip.delete(area)
    about = f"hold {hold.hold_id} on area {area.area_id} of area {area.area_id}"
    assert deeds(trip.engine) == [(Deed.HOLD_PLACED, about), (Deed.HOLD_LIFTED, about)]
    assert SqlAudit(trip.engine).verify().first_broken is None


def test_a_session_that_is_held_keeps_what_it_stored_and_what_it_looked_at(trip):
    area = trip.add_area(tiles=1)
    sessions = trip.look_each_day(area, range(5))
    hold = place(trip, session_id=sessions[2].session_id)
    trip.round(later_days=4000)
    assert trip.dropped(area) == ["scene 3"], "scene 1 is what scene 2 was compared with"
    with pytest.raises(Conflict, match=f"on session {sessions[2].session_id}"):
        trip.delete(area)
    lift(trip, hold)
    trip.round()
    assert trip.dropped(area) == ["scene 1", "scene 2", "scene 3"]


def accept(trip, area):
    trip.places.accept_baseline(area.area_id, user_id=area.user_id, now=trip.now)
    trip.wait(hours=1)


def test_the_baseline_that_a_held_comparison_was_made_with_stays_when_there_is_another(trip):
    area = trip.add_area(tiles=1)
    trip.look_each_day(area, range(3))
    accept(trip, area)  # scene 2 is the baseline
    sessions = trip.look_each_day(area, range(3, 7))
    accept(trip, area)  # and scene 6 from now on
    trip.look_each_day(area, range(7, 9))
    hold = place(trip, session_id=sessions[1].session_id)
    assert trip.uses(area)["scene 2"] == {"hold"}
    trip.round(later_days=4000)
    assert trip.dropped(area) == ["scene 1", "scene 5", "scene 7"]
    lift(trip, hold)
    trip.round()
    assert "scene 2" in trip.dropped(area)


def test_a_place_that_is_held_says_so_of_its_images(trip):
    area = trip.add_area(tiles=1)
    trip.look_each_day(area, range(2))
    trip.look_each_day(area, [2], change=a_change(m2=900))
    (found,) = trip.places.of_user(trip.user.user_id, wanted=PlaceFilter(None, None, None), page=ALL).items
    hold = place(trip, place_id=found.place_id)
    assert "hold" in trip.uses(area)["scene 2"]
    with pytest.raises(Conflict, match=f"hold {hold.hold_id} on place {found.place_id}"):
        trip.delete(area)


def test_it_is_placed_once_on_one_thing_of_one_s_own_and_lifted_once(trip):
    area = trip.add_area(tiles=1)
    (session,) = trip.look_each_day(area, [0])
    with pytest.raises(Invalid, match="say one of"):
        Held(area_id=1, place_id=2)
    for nobody in ({"area_id": 999}, {"session_id": 999}, {"place_id": 999}):
        with pytest.raises(NotFound):
            place(trip, **nobody)
    for hers in ({"area_id": area.area_id}, {"session_id": session.session_id}):
        with pytest.raises(NotFound):
            place(trip, trip.add_user(), **hers)
    hold, beside = place(trip, area_id=area.area_id), place(trip, session_id=session.session_id)
    with pytest.raises(Conflict, match=f"held already, by hold {hold.hold_id}"):
        place(trip, area_id=area.area_id)
    lift(trip, hold)
    with pytest.raises(Conflict, match="lifted before"):
        lift(trip, hold)
    with pytest.raises(NotFound):
        trip.holds.lift(beside.hold_id, user_id=trip.add_user().user_id, reason="x", now=trip.now)
    listed = trip.holds.of_user(trip.user.user_id, page=ALL).items
    assert [(each.hold_id, each.lifted_at is None) for each in listed] == [
        (beside.hold_id, True),
        (hold.hold_id, False),
    ]
    assert place(trip, area_id=area.area_id).hold_id > beside.hold_id


def test_one_who_has_as_many_holds_as_may_stand_lifts_one_first(trip):
    area = trip.add_area(tiles=1)
    sessions = trip.look_each_day(area, range(3))
    first, _ = (place(trip, session_id=each.session_id, most_holds=2) for each in sessions[:2])
    with pytest.raises(Conflict, match="2 holds of yours stand already: lift one first"):
        place(trip, session_id=sessions[2].session_id, most_holds=2)
    other = trip.add_user()
    assert place(trip, other, area_id=trip.add_area(user=other, tiles=1).area_id, most_holds=1)
    lift(trip, first)
    assert place(trip, session_id=sessions[2].session_id, most_holds=2)


def test_a_user_with_a_hold_is_not_removed_and_nothing_of_his_holds_is_left_after_it(trip):
    area = trip.add_area(tiles=1)
    trip.look_each_day(area, [0])
    hold, removed = place(trip, area_id=area.area_id), SqlRemovedUsers(trip.engine)
    with pytest.raises(Conflict, match=rf"user {trip.user.user_id} .*hold {hold.hold_id} on area"):
        removed.remove(trip.user.email, now=trip.now)
    lift(trip, hold)
    removed.remove(trip.user.email, now=trip.now)
    with pytest.raises(NotFound):
        place(trip, area_id=area.area_id)
    ports = {"areas": trip.areas, "sessions": trip.sessions, "jobs": trip.jobs, "clock": trip.clock}
    for _ in range(5):
        purge_removed_users(removed=removed, **ports)
        trip.reconcile()
    with trip.engine.connect() as connection:
        assert connection.execute(select(t.holds)).all() == []
        assert connection.execute(select(t.users).where(t.users.c.id == trip.user.user_id)).all() == []


# Races: of two that meet one is first, and the other finds it so


def test_a_hold_and_the_deletion_of_its_area(trip):
    seen = set()
    for _ in range(ROUNDS):
        area = trip.add_area(tiles=1)
        held, deleted = at_once(lambda a=area: place(trip, area_id=a.area_id), lambda a=area: trip.delete(a))
        with trip.engine.connect() as connection:
            of_area = select(t.area_configs.c.deleted_at).where(t.area_configs.c.id == area.area_id)
            is_deleted = connection.execute(of_area).scalar() is not None
        assert (type(held), type(deleted)) in {(Hold, Conflict), (NotFound, type(None))}
        assert is_deleted == (deleted is None)
        seen.add(is_deleted)
    assert seen, "it ran"


def test_holds_on_several_areas_at_once_are_no_more_than_may_stand(trip):
    for _ in range(ROUNDS // 4):
        user = trip.add_user()
        areas = [trip.add_area(user=user, tiles=1, name=f"Held {number}") for number in range(6)]
        placed = at_once(*[lambda a=area, u=user: place(trip, u, area_id=a.area_id, most_holds=2) for area in areas])
        assert sorted(type(each).__name__ for each in placed) == ["Conflict"] * 4 + ["Hold"] * 2


def test_a_hold_and_the_removal_of_its_user(trip):
    removed = SqlRemovedUsers(trip.engine)
    for _ in range(ROUNDS):
        user = trip.add_user()
        area = trip.add_area(user=user, tiles=1)
        held, gone = at_once(
            lambda u=user, a=area: place(trip, u, area_id=a.area_id),
            lambda u=user: removed.remove(u.email, now=trip.now),
        )
        is_removed = trip.accounts.find_user(user.email) is None
        assert (type(held), type(gone)) in {(Hold, Conflict), (NotFound, int)}
        assert is_removed == (type(gone) is int)


def test_a_hold_or_a_pin_and_a_round_of_retention(trip):
    """What is held or pinned is there whole, or was gone before, and then it is said."""
    area = trip.add_area(tiles=1)
    trip.look_each_day(area, range(ROUNDS // 2 + 2))
    trip.wait(days=2)
    middle = [row for row in trip.rows(area) if 0 < int(row.scene_id.split()[1]) <= ROUNDS // 2]
    with trip.engine.begin() as connection:  # each alone is due, in its turn
        connection.execute(t.image_tiles.update().values(fetched_at=trip.now))
    for row in middle:
        trip.set_image(row.scene_id, fetched_at=row.taken_at)
        pinned, dropped = at_once(
            lambda r=row: trip.history.pin(r.id, user_id=area.user_id, reason="evidence", now=trip.now),
            lambda: trip.retention.drop_some("", policy=A_DAY, now=trip.now),
        )
        is_gone = row.scene_id in trip.dropped(area)
        assert is_gone == isinstance(pinned, Conflict)
        assert is_gone == (dropped.images == 1)
        if not is_gone:
            assert isinstance(pinned, PastImage)
            assert trip.images.get(row.object_key)
    assert trip.broken() == []


def test_a_session_that_opens_and_a_round_of_retention(trip):
    """A session finds all that it may look at, or has opened after what is gone: its tile is compared either way."""
    for number in range(ROUNDS // 2):
        area = trip.add_area(tiles=1)
        trip.look_each_day(area, range(3), name=f"{number}")
        trip.wait(days=30)
        trip.show(f"{number} new", days=5)
        at_once(
            lambda a=area: trip.capture_now(a),
            lambda a=area: trip.retention.drop_some(f"{a.area_id}/-1/-1/-1", policy=A_DAY, now=trip.now),
        )
        trip.work()
        ended = trip.all_sessions()[0]
        assert ended.counts_by_verdict == {"NO_CHANGE": 1}
    assert trip.broken() == []


def test_another_area_that_begins_to_use_an_image_and_a_round_of_retention(trip):
    """Whatever comes first, nobody points to an object that is gone."""
    seen = set()
    for number in range(ROUNDS // 2):
        one, other = trip.add_area(tiles=1), trip.add_area(user=trip.add_user(), tiles=1)
        trip.look_each_day(one, range(3 * number, 3 * number + 3), name="day")
        row = next(each for each in trip.rows(one) if each.scene_id == f"day {3 * number + 1}")  # nobody else's
        claim, _ = claim_of(trip, other)
        scene = Scene(scene_id=row.scene_id, captured_at=row.captured_at)
        about = {"key": row.object_key, "sha256": row.sha256, "size_bytes": 1, "scene": scene, "attribution": ""}
        use = Captured(capture_id=row.capture_id, fetched_at=trip.now, clear_share=1.0, is_usable=True, **about)
        trip.wait(days=30)
        late_s = EACH_FIRST[number] if number < len(EACH_FIRST) else OFFSETS_S[number % len(OFFSETS_S)]
        dropped, kept = at_once(
            lambda a=one, s=late_s[0]: (
                sleep(s) or trip.retention.drop_some(f"{a.area_id}/-1/-1/-1", policy=A_DAY, now=trip.now)
            ),
            lambda c=claim, u=use, s=late_s[1]: sleep(s) or trip.tile_images.keep(c, u, is_baseline=True),
        )
        is_gone = isinstance(kept, Unavailable)
        assert (row.object_key in dropped.keys) == is_gone
        seen.add(is_gone)
    assert seen == {True, False}, "each came first at times"
