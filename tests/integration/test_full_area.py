"""An area with years of images: what is asked of it again and again leads by an index to what is shown, no further."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select, text, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_contents import SqlAreaContents
from chalicelib.adapters.database.session_summaries import kept_summary, summary_columns
from chalicelib.domain.scenes import Scene
from tests.support.api_server import SMALL_AREA
from tests.support.builders.domain import NOON
from tests.support.full_database import fill
from tests.support.retained import POLICY

IMAGES = 4_000
SESSION = t.alert_sessions
OF_IMAGES = re.compile(r"(SIMPLE|SEARCH|SCAN) image_tiles\b")


@pytest.fixture
def area(server, asha):
    found = asha.post("/api/area-configs", SMALL_AREA).json
    fill(server.engine, user_id=1, area_id=found["id"], runs=IMAGES, every=1)
    if server.engine.dialect.name == "mysql":
        with server.engine.begin() as connection:
            connection.execute(text("ANALYZE TABLE image_tiles"))
    return found


@pytest.fixture
def plans(server):
    """Return the plans of what was asked of images since."""
    said = []
    event.listen(server.engine, "before_cursor_execute", lambda *call: said.append(call[2:4]))

    def of_images():
        word = "EXPLAIN QUERY PLAN" if server.engine.dialect.name == "sqlite" else "EXPLAIN"
        asked = [call for call in said if "FROM image_tiles" in call[0]]
        with server.engine.connect() as connection:
            for statement, values in asked:
                rows = connection.exec_driver_sql(f"{word} {statement}", values).all()
                yield from (line for row in rows if OF_IMAGES.search(line := " ".join(map(str, row))))

    return of_images


def test_how_much_is_stored_is_summed_up_within_an_index(server, asha, area, plans):
    kept = asha.get(f"/api/area-configs/{area['id']}/kept").json
    assert (kept["images"], kept["storedBytes"]) == (IMAGES, IMAGES)
    found = list(plans())
    assert found
    for line in found:
        assert "pinned_at_size_bytes" in line
        assert "COVERING INDEX" in line or "Using index" in line


def test_the_days_of_an_area_are_looked_up_and_its_images_not_walked(server, asha, area, plans):
    with server.engine.begin() as connection:  # what was dropped leaves no trace on the way either
        dropped = update(t.image_tiles).where(t.image_tiles.c.id % 2 == 0)
        connection.execute(dropped.values(dropped_at=NOON))
    server.providers["sample"].older = tuple(
        Scene(scene_id=str(ago), captured_at=NOON - timedelta(days=ago)) for ago in range(10)
    )
    listed = asha.get(f"/api/area-configs/{area['id']}/scenes?limit=5")
    assert listed.status == 200
    assert [each["isUsed"] for each in listed.json][:2] == [True, False], "4,000 seconds of one day"
    found = list(plans())
    assert len(found) >= 5
    for line in found:
        assert "is_apart_taken_at" in line, line


@pytest.mark.parametrize("keep", [summary_columns, lambda summary: {"summary": summary}], ids=["now", "before"])
@pytest.mark.parametrize("failed", [0, 1, 10, 11, 100])
def test_a_session_in_a_list_has_its_first_failures_and_all_else_of_it(server, asha, failed, keep):
    area = asha.post("/api/area-configs", SMALL_AREA).json
    fill(server.engine, user_id=1, area_id=area["id"], runs=10)
    with server.engine.begin() as connection:
        whole = kept_summary(connection.execute(select(SESSION)).one())
        kept = {"further_failures": None} | keep(whole | {"failures": whole["failures"][:failed]})
        connection.execute(update(SESSION).values(**kept))
    (listed,) = asha.get("/api/alerts/sessions?limit=5").json
    whole = asha.get(f"/api/alerts/sessions/{listed['id']}").json
    assert len(whole["failures"]) == failed
    assert listed == whole | {"failures": whole["failures"][:10]}
    assert asha.get(f"/api/alerts/sessions?limit=5&area={area['id']}").json == [listed]


@pytest.mark.parametrize("keep", [summary_columns, lambda summary: {"summary": summary}], ids=["now", "before"])
def test_what_is_taken_along_of_a_session_has_all_of_its_failures_in_its_summary(server, asha, keep):
    area = asha.post("/api/area-configs", SMALL_AREA).json
    fill(server.engine, user_id=1, area_id=area["id"], runs=10)
    with server.engine.begin() as connection:
        whole = kept_summary(connection.execute(select(SESSION)).one())
        connection.execute(update(SESSION).values({"further_failures": None} | keep(whole)))
    (row,) = SqlAreaContents(server.engine, policy=POLICY).sessions(area["id"])
    assert row["summary"] == whole
    assert len(whole["failures"]) == 100
    assert "further_failures" not in row
