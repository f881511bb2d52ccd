"""How Alembic reaches the database: through the connection that `migrate.to_head` hands over."""

from alembic import context

from chalicelib.adapters.database import online  # noqa: F401 (registers how MySQL is migrated)
from chalicelib.adapters.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
    compare_type=True,
    user_module_prefix="",  # a revision imports the types that it names
    transaction_per_migration=True,  # MySQL commits each DDL anyway: one DDL a revision
)
with context.begin_transaction():
    context.run_migrations()
