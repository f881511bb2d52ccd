"""The sockets of the operator's commands, and the doctor: what it looks at, with what is wired here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from secrets import token_hex

from chalicelib import wiring
from chalicelib.domain.errors import DomainError, Invalid, NoCoverage, Unavailable
from chalicelib.domain.operating import Finding, Inspection, Level, Replays, age
from chalicelib.domain.tiles import Bounds
from chalicelib.settings import settings
from chalicelib.wiring import aws

OLD_BACKLOG_S, LOST_BACKLOG_S = 60.0, 900.0
SKEW_NOTED_S, SKEW_HARMFUL_S = 2.0, 60.0
NOWHERE = Bounds(0.0, 0.0, 0.001, 0.001)  # in the Gulf of Guinea: an archive answers with what it holds
ACCOUNT = ("project_id", "client_email", "private_key")
Told = Iterator[Finding]


def inspection() -> Inspection:
    """Give what the database shows an operator."""
    from chalicelib.adapters.database.inspection import SqlInspection

    return SqlInspection(wiring.engine(), carried_by="SQS" if settings().queues_service == "sqs" else "a worker")


def replays() -> Replays:
    """Give the second tries."""
    from chalicelib.adapters.database.replays import SqlReplays

    return SqlReplays(wiring.engine(), deadline_s=settings().session_deadline_s, retry_s=wiring.RETRY_S)


def examine(timeouts: Mapping[str, float]) -> Told:
    """Look at everything that a running system needs. The timeouts are the functions' by queue, in seconds."""
    knobs = settings()
    stores = f"{knobs.images_store} images, {knobs.queues_service} queues, {knobs.push_service} pushes"
    yield _ok("settings", f"stage {knobs.stage}: {stores}")
    migrate = "python -m infra.migrate" if knobs.stage == "local" else "invoke the function migrate"
    checks: list[tuple[str, Callable[[], Told], str]] = [
        ("database", lambda: _database(migrate), "is it started, and is its URL right? docs/troubleshooting.md"),
        ("images", _images, "give the folder or bucket back its rights and room"),
        ("queues", lambda: _queues(timeouts), "make the stage's queues: docs/deploy.md"),
        ("secrets", _secrets, "store it under that name: docs/deploy.md, Secrets"),
        ("provider", _provider, "mend it, or choose another BHUPRAHARI_DEFAULT_PROVIDER"),
        ("pushes", _pushes, "store the service account's JSON under that name, or BHUPRAHARI_PUSH_SERVICE=log"),
        ("backlog", _backlog, "look at `stuck`"),
        ("sessions", _sessions, "look at `stuck`; is `sweep` running?"),
        ("dead letters", _dead_letters, "make the stage's queues: docs/deploy.md"),
    ]
    is_database_well = True
    for subject, check, remedy in checks:
        if subject in ("backlog", "sessions", "dead letters") and not is_database_well:
            continue  # its finding says all there is to say
        try:
            for finding in check():
                is_database_well &= finding.subject != "database" or finding.level is Level.OK
                yield finding
        except (DomainError, ValueError) as error:  # ValueError: a key that does not parse says so
            is_database_well &= subject != "database"
            says = error.reason if isinstance(error, DomainError) else str(error)
            yield Finding(level=Level.FAIL, subject=subject, says=says, remedy=remedy)


def _ok(subject: str, says: str) -> Finding:
    return Finding(level=Level.OK, subject=subject, says=says)


def _database(migrate: str) -> Told:
    from chalicelib.adapters.database.migrate import head

    before = wiring.clock()
    server, its_time, mode = inspection().server()
    revision = inspection().revision()
    if revision == head():
        yield _ok("database", f"{server} answers, at revision {revision}, the newest")
    else:
        says = f"{server} is at revision {revision or 'none'}; this code needs {head()}"
        yield Finding(level=Level.FAIL, subject="database", says=says, remedy=migrate)
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


def _images() -> Told:
    images, key = wiring.images(), f"doctor/{token_hex(8)}.png"
    content = key.encode()
    images.put(key, content)
    try:
        if images.get(key) != content:
            raise Unavailable("what was stored was not what came back")
        listed = [item.key for item in images.keys_after("", prefix="doctor/")]
    finally:
        images.delete([key])
    if key not in listed:
        raise Unavailable("what was stored is not in the listing: `sweep` could not clean up")
    yield _ok("images", "written, read, listed and deleted a probe")


def _queues(timeouts: Mapping[str, float]) -> Told:
    knobs = settings()
    if knobs.queues_service != "sqs":
        yield _ok("queues", "the database carries the jobs")
        return
    from chalicelib.adapters.queue_checks import check_queue

    sqs = aws.client("sqs")
    for name in (knobs.captures_queue, knobs.comparisons_queue, knobs.notifications_queue):
        yield from check_queue(sqs, name, timeout_s=timeouts.get(name, knobs.lease_s), max_receives=knobs.max_receives)


def _secrets() -> Told:
    wiring.tokens(), wiring.links()
    yield _ok("secrets", "the keys of tokens and image links are there and long enough")


def _provider() -> Told:
    knobs, name = settings(), settings().default_provider
    provider = wiring.imagery(name)
    licence = provider.terms.licence
    if not (licence.may_store and licence.may_analyse):
        remedy = "state the permission in BHUPRAHARI_GOOGLE_PERMISSION if you hold it, or choose another provider"
        says = f"the terms of {name} forbid storing or analysing, and no permission is stated"
        yield Finding(level=Level.FAIL, subject="provider", says=says, remedy=remedy)
        return
    if name == "google_static":
        wiring.secrets().get(knobs.google_key_secret), wiring.secrets().get(knobs.google_signing_secret)
        yield _ok("provider", f"{name} is permitted and has its keys; not asked, each request costs money")
        return
    try:
        provider.grid(NOWHERE)
    except NoCoverage as answer:
        if "; it holds 0 usable" in answer.reason:
            remedy = (
                "put pictures with their items there; `archive item skipped` in the log says what is wrong with one"
            )
            yield Finding(level=Level.WARN, subject="provider", says=f"{name} holds nothing usable", remedy=remedy)
            return
    yield _ok("provider", f"{name} answers, and its terms allow storing and analysing")


def _pushes() -> Told:
    knobs = settings()
    if knobs.push_service != "fcm":
        yield _ok("pushes", "they are only recorded")
        return
    text = wiring.secrets().get(knobs.fcm_secret)
    try:
        account = json.loads(text)
        missing = [name for name in ACCOUNT if not isinstance(account.get(name), str) or not account[name]]
    except (ValueError, AttributeError):  # and no `from`: the error would carry the secret's text along
        raise Invalid(f"the secret {knobs.fcm_secret} is not a Firebase service account's JSON") from None
    if missing or "PRIVATE KEY-----" not in account["private_key"]:
        raise Invalid(f"the secret {knobs.fcm_secret} lacks {', '.join(missing) or 'a PEM in private_key'}")
    yield _ok("pushes", f"the service account of project {account['project_id']} parses")


def _backlog() -> Told:
    waits_s = wiring.jobs().backlog_age_s()
    level = Level.OK if waits_s < OLD_BACKLOG_S else Level.WARN if waits_s < LOST_BACKLOG_S else Level.FAIL
    says = f"the oldest job in the outbox has waited {age(waits_s)}" if waits_s else "no job waits in the outbox"
    remedy = "" if level is Level.OK else "is a worker, or `sweep`, running, and does its queue answer? see `stuck`"
    yield Finding(level=level, subject="backlog", says=says, remedy=remedy)


def _sessions() -> Told:
    oldest = inspection().oldest_session(now=wiring.clock())
    if oldest is None:
        yield _ok("sessions", "none is open")
        return
    session_id, open_s, left_s = oldest
    says = f"session {session_id} has been open for {age(open_s)}"
    if left_s > 0:
        yield _ok("sessions", f"{says}, its deadline is in {age(left_s)}")
    else:
        remedy = "`sweep` should have ended it: does it run, and what does its log say?"
        says += f", past its deadline by {age(-left_s)}"
        yield Finding(level=Level.FAIL, subject="sessions", says=says, remedy=remedy)


def _dead_letters() -> Told:
    waiting = wiring.jobs().dead_letters_waiting()
    if not waiting:
        yield _ok("dead letters", "none")
        return
    says = ", ".join(f"{count} of {queue}" for queue, count in sorted(waiting.items()))
    remedy = "mend what their reasons say (`stuck`), then `redrive --yes`, or leave them to `sweep`"
    yield Finding(level=Level.WARN, subject="dead letters", says=says, remedy=remedy)
