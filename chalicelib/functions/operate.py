"""The operator's handler: `python -m infra.ops` invokes it, because the database sits where no laptop reaches."""

from dataclasses import asdict, replace
from typing import Any

from chalice.app import Blueprint

from chalicelib import logs
from chalicelib.application.redrive import redrive
from chalicelib.application.remove_user import purge_removed_users
from chalicelib.application.replay import replay
from chalicelib.composition import Ports
from chalicelib.domain.archives import FileUse, Use, summary
from chalicelib.domain.audit import AuditFindings, AuditPlace, Deed
from chalicelib.domain.budgets import Spending
from chalicelib.domain.errors import DomainError, Invalid, NotFound
from chalicelib.domain.tiles import Tile
from chalicelib.functions.handler import handler

blueprint = Blueprint(__name__)
AT_ONCE = 50  # lines of each kind
CHECKED_BYTES = 300_000_000  # of an archive's pictures, held against their checksums: in seconds, from a bucket
FILES_AT_ONCE = 2_000  # of an archive: a function answers at most 6 MB


@blueprint.lambda_function()
@handler
def operate(event: dict[str, Any], ports: Ports) -> dict[str, Any]:
    """Answer one of the operator's commands: {"command": "doctor" | "archive" | "stuck" | "audit" | …, …}."""
    request_id = logs.invocation_id()
    with logs.bound(request_id=request_id):
        try:
            return answer(event, ports, request_id=request_id)
        except DomainError as error:
            return {"refused": error.reason}


def answer(event: dict[str, Any], ports: Ports, *, request_id: str) -> dict[str, Any]:
    """Carry out a command and return what it found as JSON. Raises Invalid for one that is not known."""
    from chalicelib.application.diagnostics import examine

    match event:
        case {"command": "doctor", **options}:
            findings = examine(ports.patient(), options.get("timeouts", {}))
            found: dict[str, Any] = {"findings": [asdict(finding) for finding in findings]}
        case {"command": "archive"}:
            found = archive_answer(
                (ports.indexed_archive or ports.archive()).inventory(now=ports.clock(), most_bytes=CHECKED_BYTES)
            )
        case {"command": "stuck"}:
            stuck = ports.diagnostics.stuck(now=ports.clock(), limit=AT_ONCE)
            in_queues = ports.jobs.dead_letters_waiting() if ports.settings.queues.queues_service == "sqs" else {}
            found = {"stuck": [asdict(each) for each in stuck], "dead_letters": in_queues}
        case {"command": "verify", **options}:
            broken, cursor = ports.verifier.part(options.get("cursor", ""), now=ports.clock())
            found = {"broken": [each._asdict() for each in broken[:AT_ONCE]], "left": len(broken[AT_ONCE:])}
            found["next"] = cursor
        case {"command": "audit", **options}:
            found = _audited(options, ports)
        case {"command": "redrive", **options}:
            found = _redriven(ports, is_meant=options.get("yes") is True)
        case {"command": "replay", "session": int(number), **options}:
            session_id = _number(number, "session")
            tile = Tile.parse(options["tile"]) if options.get("tile") else None
            _record(ports, f"replay of session {session_id}, {tile or 'all that failed'}")
            says = replay(
                session_id,
                tile=tile,
                replays=ports.replays,
                jobs=ports.jobs,
                clock=ports.clock,
                request_id=request_id,
            )
            found = {"replayed": says}
        case {"command": "remove-user", "email": str(email), **options}:
            found = _removed(email, ports, is_meant=options.get("yes") is True, request_id=request_id)
        case {"command": "budget", "email": str(email), **options}:
            found = _budget(email, options.get("set", {}), ports)
        case _:
            raise Invalid(f"there is no such command: {event.get('command')}")
    return found


def _redriven(ports: Ports, *, is_meant: bool) -> dict[str, Any]:
    if not is_meant:
        return {"dead_letters": ports.jobs.dead_letters_waiting()}
    _record(ports, "redrive")
    return {"redriven": redrive(jobs=ports.jobs, runs=ports.tile_runs), "left": ports.jobs.dead_letters_waiting()}


def _audited(options: dict[str, Any], ports: Ports) -> dict[str, Any]:
    forget_user = options.get("forget_user")
    if forget_user is None:
        return {"audit": asdict(_looked_at(options.get("noted", ""), ports))}
    return {"forgotten": ports.audit.forget_user(_number(forget_user, "user"), now=ports.clock())}


def _looked_at(noted: str, ports: Ports) -> AuditFindings:
    """Check the whole chain, and that it goes on from the place that was noted: a whole new one does not."""
    try:
        place = AuditPlace.parse(noted)
    except ValueError:
        raise Invalid("what was noted of the audit log is the number of its last entry, a colon and the hash") from None
    found = ports.audit.verify()
    if not noted or found.first_broken is not None:
        return found
    since = ports.audit.verify(after=place)
    says = f"it does not go on from what was noted of entry {place.number}: {since.fault}"
    return found if since.first_broken is None else replace(since, fault=says)


def _removed(email: str, ports: Ports, *, is_meant: bool, request_id: str) -> dict[str, Any]:
    if not is_meant:
        found = ports.accounts.find_user(email)
        if found is None:
            raise NotFound(f"there is no account of {email}")
        return {
            "removed": f"that is user {found[0].user_id}: nothing is done without --yes, and nobody can take it back"
        }
    user_id = ports.removed_users.remove(email, now=ports.clock())
    _record(ports, f"removal of user {user_id}")
    purge_removed_users(
        removed=ports.removed_users,
        areas=ports.areas,
        sessions=ports.sessions,
        jobs=ports.jobs,
        clock=ports.clock,
        request_id=request_id,
    )
    return {"removed": f"user {user_id} is removed, and signed out; reconcile deletes what is left within minutes"}


def _number(number: int, of: str) -> int:
    """Return the number of a row, if the database can hold it. Raises NotFound."""
    if not 0 <= number < 2**63:
        raise NotFound(f"there is no {of} {number}")
    return number


def _record(ports: Ports, about: str) -> None:
    ports.audit.record(Deed.OPERATED, now=ports.clock(), about=about)


def archive_answer(uses: list[FileUse]) -> dict[str, Any]:
    """Return the inventory of an archive as JSON: what is wrong first, and no more than a function may answer."""
    order = sorted(uses, key=lambda each: (each.use is not Use.NOT_USED, each.name))
    return {
        "files": [asdict(each) for each in order[:FILES_AT_ONCE]],
        "left": len(order[FILES_AT_ONCE:]),
        "summary": summary(uses),
    }


def _budget(email: str, wanted: dict[str, int | None], ports: Ports) -> dict[str, Any]:
    """Set a user's budgets, if any are given, and return what he spent today of which. All are set, or none."""
    for name, amount in wanted.items():
        if name not in set(Spending) or (amount is not None and not 0 <= amount < 2**53):
            raise Invalid(f"a budget is KIND=NUMBER, or KIND= for everybody's; kinds are {', '.join(Spending)}")
    if wanted:
        amounts = {Spending(name): amount for name, amount in wanted.items()}
        ports.ledger.set_budgets(email, amounts, now=ports.clock())
    account = ports.ledger.account(email, now=ports.clock())
    return {"budget": {kind: {"spent": account.spent[kind], "budget": account.budgets[kind]} for kind in Spending}}
