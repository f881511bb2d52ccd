"""An answer of the function `operate`, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib.domain.archives import Use
from chalicelib.domain.diagnostics import Level, age


def lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of an answer."""
    if "refused" in answer:
        yield f"refused: {answer['refused']}"
    elif "findings" in answer:
        yield from _findings(answer["findings"])
    elif "files" in answer:
        yield from file_lines(answer["files"])
        if answer["left"]:
            yield f"{answer['left']} more are left out here"
        yield answer["summary"]
    elif "stuck" in answer:
        yield from _stuck(answer["stuck"], answer["dead_letters"])
    elif "redriven" in answer:
        yield from _redriven(answer)
    elif "budget" in answer:
        yield from _budget(answer["budget"])
    elif "audit" in answer or "forgotten" in answer:
        yield from _audit(answer)
    elif "replayed" in answer:
        yield answer["replayed"]
    else:
        waiting = _counted(answer["dead_letters"])
        yield f"dead letters: {waiting}; nothing is done without --yes" if waiting else "there are no dead letters"


def exit_status(answer: Mapping[str, Any]) -> int:
    """Return 1 if a check failed, a file is not used that should be, or the command was refused; else 0."""
    failed = any(finding["level"] == Level.FAIL for finding in answer.get("findings", []))
    failed = failed or any(file["use"] == Use.NOT_USED for file in answer.get("files", []))
    failed = failed or answer.get("audit", {}).get("first_broken") is not None
    return int(failed or "refused" in answer)


def file_lines(files: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield the inventory of an archive as a table."""
    width = min(40, max((len(file["name"]) for file in files), default=0))
    for file in files:
        yield f"{file['use']:8}  {file['name']:{width}}  {file['says']}"
        if file["remedy"]:
            yield f"{'':8}  {'':{width}}  -> {file['remedy']}"


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
        yield f"{'':7}  -> `reconcile`, within a minute, ends their tiles FAILED; `redrive --yes` tries them again"
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
        budget = "no budget" if each["budget"] is None else f"of {each['budget']}"
        yield f"{kind:20}  {each['spent']} {budget} today"


def _audit(answer: Mapping[str, Any]) -> Iterator[str]:
    if "forgotten" in answer:
        yield f"forgotten from where it was done: {answer['forgotten']} entries"
        return
    found = answer["audit"]
    yield f"{found['entries']} entries are whole, {found['forgotten']} of them without their address"
    if found["first_broken"] is None:
        yield f"the last one's hash, to be noted elsewhere: {found['head']}"
    else:
        yield f"the audit log is broken at entry {found['first_broken']}: {found['fault']}"


def _counted(by_queue: Mapping[str, int]) -> str:
    return ", ".join(f"{count} of {queue}" for queue, count in sorted(by_queue.items()))
