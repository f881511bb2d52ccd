"""The doctor: looks at everything that a running system needs, and says what to do about what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from chalicelib.application.ports.clock import Clock, NewToken
from chalicelib.application.ports.diagnostics import Diagnostics
from chalicelib.application.ports.imagery import Imagery
from chalicelib.application.ports.images import Images
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.push import Push
from chalicelib.domain.diagnostics import Finding, Level, age, ok
from chalicelib.domain.errors import DomainError, Unavailable

OLD_BACKLOG_S, LOST_BACKLOG_S = 60.0, 900.0
SKEW_NOTED_S, SKEW_HARMFUL_S = 2.0, 60.0
Findings = Iterator[Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What the doctor looks at. The ports are made when their turn comes: one that cannot be made is a finding."""

    settings: str  # the stage and what it stands on, in a sentence
    how_to_migrate: str
    diagnostics: Callable[[], Diagnostics]
    images: Callable[[], Images]
    jobs: Callable[[], Jobs]
    read_keys: Callable[[], object]  # of tokens and image links; raises for one that is missing or too short
    imagery: Callable[[], Imagery]  # of the default provider
    push: Callable[[], Push]
    clock: Clock
    new_token: NewToken


def examine(patient: Patient, timeouts: Mapping[str, float]) -> Findings:
    """Look at everything that a running system needs. The timeouts are the functions' by queue, in seconds."""
    yield ok("settings", patient.settings)
    checks: list[tuple[str, Callable[[Patient], Findings], str]] = [
        ("database", _database, "is it started, and is its URL right? docs/troubleshooting.md"),
        ("images", _images, "give the folder or bucket back its rights and room"),
        ("queues", partial(_queues, timeouts=timeouts), "make the stage's queues: docs/deploy.md"),
        ("secrets", _secrets, "store it under that name: docs/deploy.md, Secrets"),
        ("provider", _provider, "mend it, or choose another BHUPRAHARI_DEFAULT_PROVIDER"),
        ("pushes", _pushes, "store the service account's JSON under that name, or BHUPRAHARI_PUSH_SERVICE=log"),
        ("backlog", _backlog, "look at `stuck`"),
        ("sessions", _sessions, "look at `stuck`; is `reconcile` running?"),
        ("dead letters", _dead_letters, "make the stage's queues: docs/deploy.md"),
    ]
    is_database_well = True
    for subject, check, remedy in checks:
        if subject in ("backlog", "sessions", "dead letters") and not is_database_well:
            continue  # its finding says all there is to say
        try:
            for finding in check(patient):
                is_database_well &= finding.subject != "database" or finding.level is Level.OK
                yield finding
        except (DomainError, ValueError) as error:  # ValueError: a key that does not parse says so
            is_database_well &= subject != "database"
            says = error.reason if isinstance(error, DomainError) else str(error)
            yield Finding(level=Level.FAIL, subject=subject, says=says, remedy=remedy)


def _database(patient: Patient) -> Findings:
    before = patient.clock()
    diagnostics = patient.diagnostics()
    server, its_time, mode = diagnostics.server()
    revision, newest = diagnostics.revision(), diagnostics.newest_revision()
    if revision == newest:
        yield ok("database", f"{server} answers, at revision {revision}, the newest")
    else:
        says = f"{server} is at revision {revision or 'none'}; this code needs {newest}"
        yield Finding(level=Level.FAIL, subject="database", says=says, remedy=patient.how_to_migrate)
    if its_time is None:
        return
    if "STRICT_TRANS_TABLES" not in mode:
        says = "its SQL mode is not strict: it would cut values short without a word"
        remedy = "add STRICT_TRANS_TABLES to sql_mode in the parameter group"
        yield Finding(level=Level.FAIL, subject="database", says=says, remedy=remedy)
    skew_s = abs((its_time - before).total_seconds())
    level = Level.OK if skew_s < SKEW_NOTED_S else Level.WARN if skew_s < SKEW_HARMFUL_S else Level.FAIL
    remedy = "" if level is Level.OK else "set the clocks by NTP: leases and deadlines are told by ours"
    says = f"ours and the database's differ by {skew_s:.1f} s"
    yield Finding(level=level, subject="clock", says=says, remedy=remedy)


def _images(patient: Patient) -> Findings:
    images, key = patient.images(), f"doctor/{patient.new_token()}.png"
    content = key.encode()
    images.put(key, content)
    try:
        if images.get(key) != content:
            raise Unavailable("what was stored was not what came back")
        listed = [item.key for item in images.keys_after("", prefix="doctor/")]
    finally:
        images.delete([key])
    if key not in listed:
        raise Unavailable("what was stored is not in the listing: `reconcile` could not clean up")
    yield ok("images", "written, read, listed and deleted a probe")


def _queues(patient: Patient, *, timeouts: Mapping[str, float]) -> Findings:
    yield from patient.jobs().check(timeouts)


def _secrets(patient: Patient) -> Findings:
    patient.read_keys()
    yield ok("secrets", "the keys of tokens and image links are there and long enough")


def _provider(patient: Patient) -> Findings:
    yield patient.imagery().check()


def _pushes(patient: Patient) -> Findings:
    yield ok("pushes", patient.push().check())


def _backlog(patient: Patient) -> Findings:
    waits_s = patient.jobs().backlog_age_s()
    level = Level.OK if waits_s < OLD_BACKLOG_S else Level.WARN if waits_s < LOST_BACKLOG_S else Level.FAIL
    says = f"the oldest job in the outbox has waited {age(waits_s)}" if waits_s else "no job waits in the outbox"
    remedy = "" if level is Level.OK else "is a worker, or `reconcile`, running, and does its queue answer? see `stuck`"
    yield Finding(level=level, subject="backlog", says=says, remedy=remedy)


def _sessions(patient: Patient) -> Findings:
    oldest = patient.diagnostics().oldest_session(now=patient.clock())
    if oldest is None:
        yield ok("sessions", "none is open")
        return
    session_id, open_s, left_s = oldest
    says = f"session {session_id} has been open for {age(open_s)}"
    if left_s > 0:
        yield ok("sessions", f"{says}, its deadline is in {age(left_s)}")
    else:
        remedy = "`reconcile` should have ended it: does it run, and what does its log say?"
        says += f", past its deadline by {age(-left_s)}"
        yield Finding(level=Level.FAIL, subject="sessions", says=says, remedy=remedy)


def _dead_letters(patient: Patient) -> Findings:
    waiting = patient.jobs().dead_letters_waiting()
    if not waiting:
        yield ok("dead letters", "none")
        return
    says = ", ".join(f"{count} of {queue}" for queue, count in sorted(waiting.items()))
    remedy = "mend what their reasons say (`stuck`), then `redrive --yes`, or leave them to `reconcile`"
    yield Finding(level=Level.WARN, subject="dead letters", says=says, remedy=remedy)
