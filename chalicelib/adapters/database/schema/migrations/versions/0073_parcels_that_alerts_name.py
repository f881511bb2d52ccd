"""parcels that alerts and places name.

Expand: old code never names the table; alerts that it makes name none, and what it purges leaves rows nobody reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "named_parcels",
        sa.Column("id", ID, nullable=False),
        sa.Column("area_id", ID, nullable=False),
        sa.Column("alert_id", ID),
        sa.Column("place_id", ID),
        sa.Column("layer_id", ID, nullable=False),
        sa.Column("layer_version_id", ID, nullable=False),
        sa.Column("parcel_id", ID, nullable=False),
        sa.Column("layer_name", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("is_maybe", sa.Boolean(), nullable=False),
        sa.Column("standing", sa.String(16)),
        sa.Column("reference", sa.String(200)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_named_parcels")),
        sa.UniqueConstraint("area_id", "id", name=op.f("uq_named_parcels_area_id_id")),
        sa.UniqueConstraint("alert_id", "id", name=op.f("uq_named_parcels_alert_id_id")),
        sa.UniqueConstraint("place_id", "id", name=op.f("uq_named_parcels_place_id_id")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("named_parcels")
