"""Layers in the database: whole or not there, found by where their parcels lie, gone with whoever kept them."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select, text

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.layer_imports import SqlLayerImports
from chalicelib.adapters.database.layers import SqlLayers, over_query
from chalicelib.adapters.database.removed_users import SqlRemovedUsers
from chalicelib.domain.errors import Busy, Conflict, LimitReached, NotFound
from chalicelib.domain.jobs import ImportJob, Queue
from chalicelib.domain.layer_imports import ImportOptions, ImportState, NewImport, Preview, Problem
from chalicelib.domain.layers import LayerKind
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.tiles import Bounds
from tests.support.builders.domain import NOON, later
from tests.support.builders.layers import SOURCE, SOUTH, STEP, WEST, a_parcel, an_import, extent_of, keep_layer
from tests.support.timing import at_once
from tests.support.trip import Trip

TABLES = (t.layers, t.layer_versions, t.layer_lands, t.parcels, t.parcel_cells, t.layer_imports)
ALL = PageRequest(100)


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def layers(engine):
    return SqlLayers(engine)


@pytest.fixture
def imports(engine):
    return SqlLayerImports(engine)


def rows(engine):
    with engine.connect() as connection:
        return {each.name: connection.execute(select(func.count()).select_from(each)).scalar() for each in TABLES}


def field(count):
    return [a_parcel(number) for number in range(1, count + 1)]


def test_a_layer_is_what_was_kept_and_only_its_owners(trip, layers):
    kept = [a_parcel(1, name="007"), a_parcel(2, name="820/1"), a_parcel(4)]
    version = keep_layer(trip.engine, trip.user.user_id, kept, now=NOON)
    (layer,) = layers.of_user(trip.user.user_id, page=ALL).items
    assert (layer.name, layer.current.number, layer.current.extent) == (
        *("Plots", 1),
        replace(extent_of(kept), land=None),
    )
    assert layer.current.source == SOURCE
    assert layer == layers.get(layer.layer_id, user_id=trip.user.user_id)
    page = layers.parcels(version.version_id, page=PageRequest(2))
    assert [(parcel.number, parcel.name) for parcel in page.items] == [(1, "007"), (2, "820/1")]
    assert page.items[0].outlines == kept[0].outlines
    assert page.items[0].tags == {"village": "ଖଣ୍ଡଗିରି"}
    (rest,) = layers.parcels(version.version_id, page=PageRequest(2, after=page.next_after)).items
    assert rest.number == 4
    other = trip.add_user()
    with pytest.raises(NotFound):
        layers.get(layer.layer_id, user_id=other.user_id)
    assert layers.of_user(other.user_id, page=ALL).items == []


def test_parcels_are_found_by_where_they_lie(trip, layers):
    version = keep_layer(trip.engine, trip.user.user_id, field(1_000), now=NOON)
    there = Bounds(WEST + 1.5 * STEP, SOUTH + 1.5 * STEP, WEST + 2.5 * STEP, SOUTH + 2.5 * STEP)
    assert [each.number for each in layers.parcels_over(version.version_id, there)] == [102, 103, 202, 203]
    assert len(layers.parcels_over(version.version_id, Bounds(80, 15, 90, 25))) == 1_000
    assert layers.parcels_over(version.version_id, Bounds(10, 10, 11, 11)) == []
    with trip.engine.connect() as connection:
        levels = connection.execute(select(t.layer_versions.c.levels)).scalar()
        words = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        query = over_query(version.version_id, there, levels).compile(
            connection, compile_kwargs={"literal_binds": True}
        )
        plan = str(connection.execute(text(f"{words} {query}")).all())
    assert "uq_parcel_cells" in plan or "autoindex_parcel_cells" in plan, plan


def test_a_version_that_is_not_whole_is_found_by_nobody_and_swept(trip, layers, imports):
    import_id = an_import(imports, trip.user.user_id, now=NOON)
    imports.keep(import_id, user_id=trip.user.user_id, name="Plots", now=NOON, most_layers=9)
    claim = imports.claim(import_id, now=NOON, lease_s=60)
    version = imports.begin_version(claim, SOURCE, name="Plots", now=NOON, lease_s=60)
    imports.add_parcels(version, field(700), now=NOON, lease_s=60)
    assert layers.of_user(trip.user.user_id, page=ALL).items == []
    with pytest.raises(NotFound):
        layers.version(version.version_id)
    assert layers.purge(now=later(seconds=30), limit=10_000) == 0, "somebody writes it"
    while layers.purge(now=later(seconds=90), limit=500):
        pass
    left = rows(trip.engine)
    assert left == dict.fromkeys(left, 0) | {"layer_imports": 1}
    with pytest.raises(Busy):
        imports.add_parcels(version, field(1), now=later(seconds=91), lease_s=60)
    again = imports.claim(import_id, now=later(seconds=92), lease_s=60)
    anew = imports.begin_version(again, SOURCE, name="Plots", now=later(seconds=92), lease_s=60)
    levels = imports.add_parcels(anew, field(3), now=later(seconds=92), lease_s=60)
    with pytest.raises(Busy):
        imports.end_version(claim, version, extent_of(field(3)), levels=levels)
    imports.end_version(again, anew, extent_of(field(3)), levels=levels)
    assert imports.get(import_id, user_id=trip.user.user_id).state is ImportState.KEPT
    assert [each.current.extent.parcels for each in layers.of_user(trip.user.user_id, page=ALL).items] == [3]


def test_a_new_version_takes_the_place_of_the_one_before_which_stays(trip, layers):
    user_id = trip.user.user_id
    first = keep_layer(trip.engine, user_id, field(2), now=NOON)
    second = keep_layer(trip.engine, user_id, field(5), now=NOON, layer_id=first.layer_id, key="imports/1-b")
    layer = layers.get(first.layer_id, user_id=user_id)
    assert (layer.current.number, layer.current.version_id) == (2, second.version_id)
    assert [each.number for each in layers.versions(first.layer_id, page=ALL).items] == [1, 2]
    assert len(layers.parcels(first.version_id, page=ALL).items) == 2


def test_a_deleted_layer_is_gone_at_once_and_its_rows_soon(trip, layers):
    user_id = trip.user.user_id
    version = keep_layer(trip.engine, user_id, field(1_200), now=NOON)
    keep_layer(trip.engine, user_id, field(3), now=NOON, layer_id=version.layer_id, key="imports/1-b")
    layers.delete(version.layer_id, user_id=user_id, now=NOON)
    with pytest.raises(NotFound):
        layers.get(version.layer_id, user_id=user_id)
    with pytest.raises(NotFound):
        layers.delete(version.layer_id, user_id=user_id, now=NOON)
    while layers.purge(now=NOON, limit=400):
        pass
    left = rows(trip.engine)
    assert left == dict.fromkeys(left, 0) | {"layer_imports": 2}


def test_nothing_of_a_removed_user_is_left(trip, imports):
    user = trip.accounts.add_user(email="d@example.org", password_hash="x", profile=None, now=NOON)
    keep_layer(trip.engine, user.user_id, field(900), now=NOON)
    an_import(imports, user.user_id, now=NOON, key="imports/1-b")
    removed = SqlRemovedUsers(trip.engine)
    removed.remove("d@example.org", now=NOON)
    while removed.purge(user.user_id, now=NOON):
        pass
    assert not any(rows(trip.engine).values())
    assert removed.with_rows(1) == []


def test_a_file_is_read_and_kept_once_whoever_asks_how_often(trip, imports):
    user_id = trip.user.user_id
    new = NewImport(user_id=user_id, object_key="imports/1-a", file_name="plots.zip")
    given = imports.add(new, now=NOON, most_waiting=1)
    with pytest.raises(LimitReached):
        imports.add(new, now=NOON, most_waiting=1)
    with pytest.raises(Conflict):
        imports.keep(given.import_id, user_id=user_id, name="Plots", now=NOON, most_layers=9)
    options = ImportOptions(kind=LayerKind.PARCELS, crs="EPSG:4326", tag_columns=("village",), buffer_m=3.0)
    (message,) = imports.read(given.import_id, user_id=user_id, options=options, now=NOON)
    assert (message.queue, ImportJob.from_json(message.body).import_id) == (Queue.IMPORTS, given.import_id)
    early = imports.claim(given.import_id, now=NOON, lease_s=60)
    assert early.given.options == options
    with pytest.raises(Busy):
        imports.claim(given.import_id, now=later(seconds=59), lease_s=60)
    imports.read(given.import_id, user_id=user_id, options=ImportOptions(), now=later(seconds=2))
    with pytest.raises(Busy):
        imports.show(early, Preview(driver="KML"))
    claim = imports.claim(given.import_id, now=later(seconds=3), lease_s=60)
    imports.fail(claim, Problem("it is no zip", "/crs"))
    assert imports.claim(given.import_id, now=later(seconds=3), lease_s=60) is None
    found = imports.get(given.import_id, user_id=user_id)
    assert (found.state, found.problem) == (ImportState.FAILED, Problem("it is no zip", "/crs"))
    imports.give_up(given.import_id, Problem("late"))
    assert imports.get(given.import_id, user_id=user_id).problem.reason == "it is no zip"
    assert [each.import_id for each in imports.abandoned(before=later(hours=1), limit=9)] == [given.import_id]
    imports.forget([given.import_id])
    with pytest.raises(NotFound):
        imports.get(given.import_id, user_id=user_id)


def test_a_user_keeps_so_many_layers_at_most_whoever_keeps_them_at_once(trip, imports, layers):
    user_id = trip.user.user_id
    first = keep_layer(trip.engine, user_id, field(1), now=NOON)
    waiting = [an_import(imports, user_id, now=NOON, key=f"imports/2-{number}") for number in range(5)]
    keep = [
        lambda import_id=import_id: imports.keep(import_id, user_id=user_id, name="P", now=NOON, most_layers=3)
        for import_id in waiting
    ]
    answers = at_once(*keep)
    refused = [answer for answer in answers if isinstance(answer, Conflict)]
    assert (len(refused), {answer.reason for answer in refused}) == (
        3,
        {"you keep 3 layers already: delete one first, or make this a version of one"},
    )
    newer = an_import(imports, user_id, now=NOON, layer_id=first.layer_id, key="imports/3-a")
    assert imports.keep(newer, user_id=user_id, name="P", now=NOON, most_layers=1), "a version is no other layer"
    layers.delete(first.layer_id, user_id=user_id, now=NOON)
    (left, *_) = [one for one, answer in zip(waiting, answers, strict=True) if isinstance(answer, Conflict)]
    assert imports.keep(left, user_id=user_id, name="P", now=NOON, most_layers=3)


def test_two_that_keep_one_file_at_once_write_one_version(trip, imports, layers):
    user_id = trip.user.user_id
    import_id = an_import(imports, user_id, now=NOON)
    imports.keep(import_id, user_id=user_id, name="Plots", now=NOON, most_layers=9)

    def keep(number):
        try:
            claim = imports.claim(import_id, now=later(seconds=number), lease_s=60)
            if claim is None:
                return False
            version = imports.begin_version(claim, SOURCE, name="Plots", now=NOON, lease_s=600)
            levels = imports.add_parcels(version, field(20), now=NOON, lease_s=600)
            imports.end_version(claim, version, extent_of(field(20)), levels=levels)
        except Busy:
            return False
        return True

    assert sorted(at_once(*(lambda number=number: keep(number) for number in range(4)))) == [False] * 3 + [True]
    assert len(layers.of_user(user_id, page=ALL).items) == 1


def test_two_new_versions_at_once_have_two_numbers(trip, layers):
    user_id = trip.user.user_id
    first = keep_layer(trip.engine, user_id, field(1), now=NOON)

    def again(number):
        return keep_layer(
            trip.engine, user_id, field(2), now=NOON, layer_id=first.layer_id, key=f"imports/1-{number}"
        ).number

    assert sorted(at_once(*(lambda number=number: again(number) for number in range(3)))) == [2, 3, 4]
