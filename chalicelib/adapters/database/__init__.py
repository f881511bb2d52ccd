"""The database, in SQLAlchemy Core: one file per noun."""
