"""What a tile costs the database: how many statements, and by which index its images are read, on both databases."""

import pytest
from sqlalchemy import event

from tests.support.trip import Trip

MOST_STATEMENTS = 20  # of a tile that is captured and compared
BRACKETS = ("BEGIN", "COMMIT", "ROLLBACK")
OF_TILE = "ix_image_tiles_area_id_z_x_y_taken_at"


@pytest.fixture
def said(engine):
    statements = []
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2:4]))
    return statements


def statements_of_session(engine, said, tiles):
    """Count the statements of a session that captures and compares so many tiles."""
    trip = Trip(engine)
    area = trip.add_area(tiles=tiles, name=f"{tiles} tiles")
    trip.run_session(area, f"before {tiles}", days=tiles)
    trip.show(f"after {tiles}", days=tiles + 0.5)
    session = trip.capture_now(area)
    said.clear()
    trip.work()
    assert trip.session(session).counts_by_verdict == {"NO_CHANGE": tiles}
    return sum(not statement.startswith(BRACKETS) for statement, _ in said)


def test_a_tile_takes_few_statements(engine, said):
    few, many = (statements_of_session(engine, said, tiles) for tiles in (2, 8))
    assert (many - few) / 6 <= MOST_STATEMENTS


def test_a_claim_reads_its_own_tile_by_the_index(engine, said):
    trip = Trip(engine)
    area = trip.add_area(tiles=8)
    for number in range(10):
        trip.run_session(area, f"scene {number}", days=number)
    said.clear()
    trip.run_session(area, "last", days=20)
    claims = [call for call in said if "UNION ALL" in call[0] and "image_tiles" in call[0]]
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if not is_sqlite:
            connection.exec_driver_sql("ANALYZE TABLE image_tiles")
        for statement, values in claims[-2:]:  # of the last tile: its capture, and its comparison
            plan = connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN' if is_sqlite else ''} {statement}", values)
            rows = [" ".join(map(str, row)) if is_sqlite else row.key for row in plan]
            used = [row for row in rows if row and "ix_image_tiles" in row]
            assert len(used) >= 4
            assert [row for row in used if OF_TILE not in row] == []
