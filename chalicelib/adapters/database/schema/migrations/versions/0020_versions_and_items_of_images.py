"""versions and items of images.

Expand: old code names none of the columns. That one tile run has several images, of several times, old code never
makes use of: its fence holds where the narrower key held.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


NARROW = "CONSTRAINT uq_image_tiles_tile_run_id UNIQUE (tile_run_id)"
WIDE = "CONSTRAINT uq_image_tiles_tile_run_id_taken_at UNIQUE (tile_run_id, taken_at)"
COLUMNS = (("scene_version", sa.String(32)), ("scene_items", sa.JSON()), ("is_baseline", sa.Boolean()))


def upgrade() -> None:
    if op.get_context().dialect.name == "mysql":
        op.execute(
            "ALTER TABLE image_tiles"
            " ADD COLUMN scene_version VARCHAR(32), ADD COLUMN scene_items JSON, ADD COLUMN is_baseline BOOL,"
            " ADD UNIQUE INDEX uq_image_tiles_tile_run_id_taken_at (tile_run_id, taken_at),"
            " DROP INDEX uq_image_tiles_tile_run_id, ALGORITHM=INPLACE, LOCK=NONE"
        )
        return
    for name, kind in COLUMNS:
        op.add_column("image_tiles", sa.Column(name, kind, nullable=True))
    _made_anew(NARROW, WIDE)


def downgrade() -> None:
    if op.get_context().dialect.name == "mysql":
        op.execute(
            "ALTER TABLE image_tiles ADD UNIQUE INDEX uq_image_tiles_tile_run_id (tile_run_id),"
            " DROP INDEX uq_image_tiles_tile_run_id_taken_at,"
            " DROP COLUMN scene_version, DROP COLUMN scene_items, DROP COLUMN is_baseline,"
            " ALGORITHM=INPLACE, LOCK=NONE"
        )
        return
    _made_anew(WIDE, NARROW)
    for name, _ in COLUMNS:
        op.execute(f"ALTER TABLE image_tiles DROP COLUMN {name}")


def _made_anew(old: str, new: str) -> None:
    """Make SQLite's table anew with another key, in this transaction: it cannot drop one in place.

    Other tables refer to the table, so it comes back under its own name before the foreign keys are looked at; and ids
    are never used twice, so the last one is kept.
    """
    connection = op.get_bind()
    made = "SELECT sql FROM sqlite_master WHERE tbl_name = 'image_tiles' AND sql IS NOT NULL ORDER BY type = 'index'"
    statements = [row[0] for row in connection.exec_driver_sql(made)]
    if old not in statements[0]:
        raise ValueError(f"image_tiles has no {old}")
    last_id = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'image_tiles'").scalar()
    op.execute("PRAGMA defer_foreign_keys=ON")
    op.execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM image_tiles")
    op.execute("DROP TABLE image_tiles")
    for statement in statements:
        op.execute(sa.text(statement.replace(old, new).replace(":", "\\:")))
    op.execute("INSERT INTO image_tiles SELECT * FROM kept")
    op.execute("DROP TABLE kept")
    if last_id is not None:
        op.execute("DELETE FROM sqlite_sequence WHERE name = 'image_tiles'")
        keep = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('image_tiles', :seq)")
        op.execute(keep.bindparams(seq=int(last_id)))
