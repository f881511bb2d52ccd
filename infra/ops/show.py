"""An answer of the function `operate`, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from chalicelib.domain.archives import Use
from chalicelib.domain.diagnostics import Level, age


def lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of an answer."""
    kinds: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
        "refused": lambda answer: iter([f"refused: {answer['refused']}"]),
        "findings": lambda answer: _findings(answer["findings"]),
        "files": _files,
        "stuck": lambda answer: _stuck(answer["stuck"], answer["dead_letters"]),
        "broken": _verified,
        "redriven": _redriven,
        "budget": lambda answer: _budget(answer["budget"]),
        "audit": _audit,
        "forgotten": _audit,
        "replayed": lambda answer: iter([answer["replayed"]]),
        "removed": lambda answer: iter([answer["removed"]]),
        "dead_letters": _waiting,
    }
    yield from next(show for member, show in kinds.items() if member in answer)(answer)


def exit_status(answer: Mapping[str, Any]) -> int:
    """Return 1 if a check failed, a file is not used that should be, or the command was refused; else 0."""
    failed = any(finding["level"] == Level.FAIL for finding in answer.get("findings", []))
    failed = failed or any(file["use"] == Use.NOT_USED for file in answer.get("files", []))
    failed = failed or answer.get("audit", {}).get("first_broken") is not None
    return int(failed or bool(answer.get("broken")) or "refused" in answer)


def file_lines(files: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield the inventory of an archive as a table."""
    width = min(40, max((len(file["name"]) for file in files), default=0))
    for file in files:
        yield _printable(f"{file['use']:8}  {file['name']:{width}}  {file['says']}")
        if file["remedy"]:
            yield _printable(f"{'':8}  {'':{width}}  -> {file['remedy']}")


def _printable(line: str) -> str:
    """Return a line in which nothing that a file's name holds moves the cursor, or begins another line."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in line)


def _findings(findings: list[dict[str, str]]) -> Iterator[str]:
    for finding in findings:
        yield f"{finding['level']:4}  {finding['subject']:14}  {finding['says']}"
        if finding["remedy"]:
            yield f"      {'':14}  -> {finding['remedy']}"
    bad = {level: sum(finding["level"] == level for finding in findings) for level in (Level.FAIL, Level.WARN)}
    yield f"{len(findings)} checks: {bad[Level.FAIL]} FAIL, {bad[Level.WARN]} WARN"


def _stuck(stuck: list[dict[str, Any]], dead_letters: Mapping[str, int]) -> Iterator[str]:
    for each in stuck:
        yield f"{age(each['waits_s']):>7}  {each['what']}"
        yield f"{'':7}  -> {each['next']}"
    if dead_letters:
        yield f"dead letters: {_counted(dead_letters)}"
        yield f"{'':7}  -> `reconcile` soon ends their tiles or files FAILED; `redrive --yes` tries them again"
    if not stuck and not dead_letters:
        yield "nothing is stuck"


def _redriven(answer: Mapping[str, Any]) -> Iterator[str]:
    done = _counted(answer["redriven"])
    if done or not answer["left"]:
        yield f"put back on their queues: {done}" if done else "there are no dead letters"
    if answer["left"]:
        yield f"dead letters left: {_counted(answer['left'])}; held by reconcile or died again: look in a minute"


def _budget(kinds: Mapping[str, Mapping[str, int | None]]) -> Iterator[str]:
    for kind, each in kinds.items():
        if kind == "area_tiles":  # nothing of it is spent
            yield f"{kind:20}  at most {each['budget']} of one area"
            continue
        budget = "no budget" if each["budget"] is None else f"of {each['budget']}"
        yield f"{kind:20}  {each['spent']} {budget} today"


def _audit(answer: Mapping[str, Any]) -> Iterator[str]:
    if "forgotten" in answer:
        yield f"forgotten from where it was done: {answer['forgotten']} entries"
        return
    found = answer["audit"]
    yield f"{found['entries']} entries are whole, {found['forgotten']} of them without their address"
    if found["first_broken"] is None:
        yield f"the end of it, to be noted elsewhere and given to --noted: {found['entries']}:{found['head']}"
    else:
        yield f"the audit log is broken at entry {found['first_broken']}: {found['fault']}"


def _files(answer: Mapping[str, Any]) -> Iterator[str]:
    yield from file_lines(answer["files"])
    if answer["left"]:
        yield f"{answer['left']} more are left out here"
    yield answer["summary"]


def _waiting(answer: Mapping[str, Any]) -> Iterator[str]:
    waiting = _counted(answer["dead_letters"])
    yield f"dead letters: {waiting}; nothing is done without --yes" if waiting else "there are no dead letters"


def _verified(answer: Mapping[str, Any]) -> Iterator[str]:
    broken, left = answer["broken"], answer["left"]
    for each in broken:
        yield f"BROKEN  {each['rule']}: {each['says']}"
    if left:
        yield f"{left} more are left out here"
    yield f"{len(broken) + left} things do not hold" if broken else "all that is stored agrees"


def _counted(by_queue: Mapping[str, int]) -> str:
    return ", ".join(f"{count} of {queue}" for queue, count in sorted(by_queue.items()))
