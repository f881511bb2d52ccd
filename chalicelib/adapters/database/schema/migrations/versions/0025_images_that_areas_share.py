"""images that areas share.

Expand: old code never names the new column, and writes an object of its own for each image, as before. That two images
have one object old code bears: it deletes the objects of an area by the area's own prefix.
No way back where areas share images already: the narrower key no longer holds.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

UNIQUE = "CONSTRAINT uq_image_tiles_object_key UNIQUE (object_key)"
FOREIGN = "CONSTRAINT fk_image_tiles_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id)"
INDEXES = ("object_key", "capture_id")


def upgrade() -> None:
    if op.get_context().dialect.name == "mysql":
        # A foreign key is added in place only where the rows are not looked through; they all have NULL.
        op.execute("SET foreign_key_checks = 0")
        try:
            op.execute(
                "ALTER TABLE image_tiles ADD COLUMN capture_id BIGINT,"
                " ADD INDEX ix_image_tiles_object_key (object_key), DROP INDEX uq_image_tiles_object_key,"
                " ADD INDEX ix_image_tiles_capture_id (capture_id),"
                " ADD CONSTRAINT fk_image_tiles_capture_id FOREIGN KEY (capture_id) REFERENCES captures (id),"
                " ALGORITHM=INPLACE, LOCK=NONE"
            )
        finally:
            op.execute("SET foreign_key_checks = 1")
        return
    op.execute("ALTER TABLE image_tiles ADD COLUMN capture_id INTEGER")
    _made_anew(UNIQUE, FOREIGN)
    for column in INDEXES:
        op.create_index(f"ix_image_tiles_{column}", "image_tiles", [column])


def downgrade() -> None:
    if op.get_context().dialect.name == "mysql":
        op.execute(
            "ALTER TABLE image_tiles DROP FOREIGN KEY fk_image_tiles_capture_id,"
            " DROP INDEX ix_image_tiles_capture_id, DROP INDEX ix_image_tiles_object_key,"
            " ADD UNIQUE INDEX uq_image_tiles_object_key (object_key),"
            " DROP COLUMN capture_id, ALGORITHM=INPLACE, LOCK=NONE"
        )
        return
    for column in INDEXES:
        op.drop_index(f"ix_image_tiles_{column}", "image_tiles")
    _made_anew(FOREIGN, UNIQUE)
    op.execute("ALTER TABLE image_tiles DROP COLUMN capture_id")


def _made_anew(old: str, new: str) -> None:
    """Make SQLite's table anew with another constraint, in this transaction: it cannot change one in place.

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
