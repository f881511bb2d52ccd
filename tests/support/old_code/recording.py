"""Record the statements of a whole small trip, and say them again."""

import json
from datetime import datetime
from pathlib import Path

from sqlalchemy import event

from chalicelib.domain.errors import BadImage
from chalicelib.domain.pushes import Target, TargetKind
from tests.support.builders.domain import a_change

FOLDER = Path(__file__).parent
BRACKETS = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")  # of transactions: said again without


class Broken(Exception):
    """A statement of the old code fails on this schema, or does something else there."""


def a_whole_trip(trip):
    """Go through everything that the functions and the API do with the database."""
    trip.targets = [Target(kind=TargetKind.TOPIC, address="ours")]
    area = trip.add_area(tiles=2)
    signed_in = trip.accounts.sign_in(
        trip.user.user_id, refresh_hash="r" * 64, now=trip.now, expires_at=trip.now.replace(year=2030)
    )
    trip.accounts.signed_in(signed_in, now=trip.now)
    trip.accounts.add_device(trip.user.user_id, token="phone", platform="android", now=trip.now)
    trip.show("march", days=-1)
    trip.tick()
    trip.work()
    trip.run_session(area, "april", days=10, change=a_change(m2=900))
    failed = trip.run_session(area, "may", days=20, change=BadImage("it broke"))
    trip.change = a_change()
    trip.compare_now(area)
    trip.work()
    for session in (failed, *trip.all_sessions()):
        trip.session(session)
        trip.alerts_of(session)
    trip.tiles(area), trip.pushes(), trip.reconcile()
    trip.show("june", days=30)
    session = trip.capture_now(area)
    trip.work_once()
    trip.cancel(session)
    trip.delete(area)
    trip.reconcile()


def record(engine, deeds):
    """Give what `deeds` sends to the database: each text once, and every statement with its parameters."""
    texts, said = [], []

    def listen(_connection, cursor, statement, parameters, _context, executemany):
        if statement.startswith(BRACKETS):
            return
        if statement not in texts:
            texts.append(statement)
        said.append([texts.index(statement), _plain(parameters), bool(executemany), cursor.rowcount])

    event.listen(engine, "after_cursor_execute", listen)
    try:
        deeds()
    finally:
        event.remove(engine, "after_cursor_execute", listen)
    return {"texts": texts, "said": said}


def say_again(engine, recorded):
    """Send recorded statements to a database. Raises Broken where one fails or reaches other rows than it did."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        for number, parameters, is_many, rows in recorded["said"]:
            statement = recorded["texts"][number]
            try:
                (cursor.executemany if is_many else cursor.execute)(statement, _made(parameters))
            except Exception as error:
                raise Broken(f"{error}: {statement}") from error
            is_write = statement.split()[0] in ("INSERT", "UPDATE", "DELETE")
            if is_write and cursor.rowcount != rows:
                raise Broken(f"{cursor.rowcount} rows instead of {rows}: {statement}")
            cursor.fetchall() if cursor.description else None
        connection.commit()
    finally:
        connection.close()


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return {"at": value.isoformat()} if isinstance(value, datetime) else value


def _made(value):
    if isinstance(value, dict):
        if set(value) == {"at"}:
            return datetime.fromisoformat(value["at"])
        return {key: _made(each) for key, each in value.items()}
    return [_made(each) for each in value] if isinstance(value, list) else value


def file_of(revision, dialect):
    return FOLDER / f"{revision}-{dialect}.json"


def keep(recorded, revision, dialect):
    lines = [json.dumps(each, ensure_ascii=False) for each in recorded["said"]]
    texts = [json.dumps(each, ensure_ascii=False) for each in recorded["texts"]]
    whole = '{"texts": [\n' + ",\n".join(texts) + '\n],\n"said": [\n' + ",\n".join(lines) + "\n]}\n"
    file_of(revision, dialect).write_text(whole, encoding="utf-8")
