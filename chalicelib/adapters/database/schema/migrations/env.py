"""How Alembic reaches the database: through the connection that `migrate.to_head` hands over."""

from alembic import context

from chalicelib.adapters.database.schema import online_ddl  # noqa: F401 (registers how MySQL is migrated)
from chalicelib.adapters.database.tables import users

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=users.metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
    compare_type=True,
    user_module_prefix="",  # a revision imports the types that it names
    # MySQL commits each DDL anyway: one DDL a revision. On SQLite one transaction holds off others who migrate, from
    # before the revision is read until the newest is reached; Alembic takes SQLite for one that cannot.
    transactional_ddl=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
