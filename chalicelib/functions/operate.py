"""The door of the operator: `python -m infra.ops` invokes it, because the database sits where no laptop reaches."""

from dataclasses import asdict
from typing import Any

from chalice.app import Blueprint

from chalicelib import logs, wiring
from chalicelib.domain import operating
from chalicelib.domain.errors import DomainError, Invalid
from chalicelib.domain.tiles import Tile
from chalicelib.settings import settings

door = Blueprint(__name__)
AT_ONCE = 50  # lines of each kind


@door.lambda_function()
def operate(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one of the operator's commands: {"command": "doctor" | "stuck" | "redrive" | "replay", ...}."""
    logs.configure(settings().log_level, stage=settings().stage)
    with logs.invocation("operate", context), logs.request(str(getattr(context, "aws_request_id", ""))):
        try:
            return answer(event)
        except DomainError as error:
            return {"refused": error.reason}


def answer(event: dict[str, Any]) -> dict[str, Any]:
    """Do a command; give what it found as JSON. Raises Invalid for one that is not known."""
    from chalicelib.wiring.operating import examine, inspection, replays

    match event:
        case {"command": "doctor", **options}:
            return {"findings": [asdict(finding) for finding in examine(options.get("timeouts", {}))]}
        case {"command": "stuck"}:
            found = inspection().stuck(now=wiring.clock(), limit=AT_ONCE)
            in_queues = wiring.jobs().dead_letters_waiting() if settings().queues_service == "sqs" else {}
            return {"stuck": [asdict(each) for each in found], "dead_letters": in_queues}
        case {"command": "redrive", "yes": True}:
            return {"redriven": operating.redrive(jobs=wiring.jobs()), "left": wiring.jobs().dead_letters_waiting()}
        case {"command": "redrive"}:
            return {"dead_letters": wiring.jobs().dead_letters_waiting()}
        case {"command": "replay", "session": int(session_id), **options}:
            tile = Tile.parse(options["tile"]) if options.get("tile") else None
            done = operating.replay(session_id, tile=tile, replays=replays(), jobs=wiring.jobs(), clock=wiring.clock)
            return {"replayed": done}
    raise Invalid(f"there is no such command: {event.get('command')}")
