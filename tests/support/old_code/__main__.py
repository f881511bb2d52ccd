"""Record today's code at today's revision, on both engines: do it before adding a revision."""

import tempfile
from pathlib import Path

from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.database.schema.migrate import head
from tests.support.databases.copies import MySqlDatabases, SqliteDatabases, migrate
from tests.support.old_code.recording import a_whole_trip, file_of, keep, record
from tests.support.trip import Trip


def main():
    with tempfile.TemporaryDirectory() as folder:
        for source in (SqliteDatabases(Path(folder), migrate), MySqlDatabases(migrate, None)):
            engine = make_engine(source.migrated(Path(folder)))
            recorded = record(engine, lambda engine=engine: a_whole_trip(Trip(engine)))
            keep(recorded, head(), engine.dialect.name)
            place = file_of(head(), engine.dialect.name)
            print(f"wrote {place.name}: {len(recorded['said'])} statements, {place.stat().st_size // 1024} KiB")
            engine.dispose()
            source.close()


if __name__ == "__main__":
    main()
