"""Rows from before a migration are right after it."""

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from chalicelib.adapters.database.areas import SqlAreas
from chalicelib.adapters.database.schema.migrate import MIGRATIONS, to_head
from chalicelib.domain.thresholds import Sensitivity
from tests.support.builders.domain import NOON

USER = """
INSERT INTO users (id, email, email_key, password_hash, created_at, updated_at)
VALUES (1, 'a@example.org', 'a@example.org', 'x', :now, :now)
"""
AREA = """
INSERT INTO area_configs (id, user_id, name, center_lat, center_lon, north_km, south_km, east_km, west_km, provider,
    zoom, tile_px, margin_px, cadence_hours, min_changed_area_m2, min_clear_share, next_due_at, created_at)
VALUES (1, 1, 'Hill', 20, 85, 1, 1, 1, 1, 'sample', 17, 1024, 128, 24, 25, 0.3, :now, :now)
"""


@pytest.fixture
def engine(empty_database_url):
    made = create_engine(empty_database_url)
    yield made
    made.dispose()


def test_an_area_from_before_sensitivities_has_the_normal_one(engine):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text(USER), {"now": "2026-01-01 00:00:00"})
        connection.execute(text(AREA), {"now": "2026-01-01 00:00:00"})
        connection.commit()
    to_head(engine)
    area = SqlAreas(engine).get(1, user_id=1)
    assert (area.name, area.plan.thresholds.sensitivity) == ("Hill", Sensitivity.NORMAL)
    changed = SqlAreas(engine).change(1, sensitivity=Sensitivity.LOW, user_id=1, now=NOON)
    assert changed.plan.thresholds.sensitivity is Sensitivity.LOW


def test_the_migrations_can_be_taken_back(engine):
    to_head(engine)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        connection.commit()
    to_head(engine)


def test_an_area_from_before_arrivals_keeps_its_cadence_alone(engine):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0051")
        connection.execute(text(USER), {"now": "2026-01-01 00:00:00"})
        connection.execute(text(AREA), {"now": "2026-01-01 00:00:00"})
        connection.commit()
    to_head(engine)
    plan = SqlAreas(engine).get(1, user_id=1).plan
    assert (plan.cadence_hours, plan.looks_on_arrival) == (24, False)
