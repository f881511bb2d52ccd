"""What a release's commands say: their help, what they see of a home, and how they refuse."""

import re

from tests.same_as.releases import run

HELPED = (
    *("infra.local", "infra.server", "infra.ops", "infra.aws"),
    *(f"infra.server {name}" for name in ("check", "migrate", "api", "worker", "clock")),
    *(f"infra.ops {name}" for name in ("doctor", "stuck", "redrive", "replay")),
    *(f"infra.aws {name}" for name in ("infra", "deploy", "destroy", "finish", "smoke", "size")),
)
TOLD_OF_A_HOME = ("doctor", "stuck", "redrive", "replay 2", "replay 99")
REFUSED = {
    "infra.local --port 70000": {},
    "infra.local --archive not-there": {},
    "infra.local --no-demo --home {home}": {"capture_schedule": "hourly"},
    "infra.ops --home not-there doctor": {},
    "infra.ops --stage nowhere doctor": {},
    "infra.server check": {},
    "infra.server api": {},
    "infra.server worker": {"database_url": "mysql+pymysql://nobody:secret@127.0.0.1:9/x"},
}
AGE = re.compile(r"\b\d+(\.\d+)? (s|seconds?|min|minutes?|h|hours?|MiB|GiB)\b")


def said(tree, home):
    """Give all that is said, a line each with the command before it; `home` is one that was lived in."""
    lines = [f"{name} --help{line}" for name in HELPED for line in _help(tree, name)]
    for name in TOLD_OF_A_HOME:
        lines += _lines(f"infra.ops {name}", *run(tree, "-m", "infra.ops", "--home", str(home), *name.split()), home)
    for command, settings in REFUSED.items():
        given = command.format(home=home.parent / "refused").split()
        lines += _lines(command, *run(tree, "-m", *given, **settings), home)
    return lines


def _help(tree, name):
    status, text = run(tree, "-m", *name.split(), "--help")
    words = " ".join(text.split())  # how wide the terminal is says nothing
    return [f": exit status {status}", *(f": {part}" for part in re.split(r"(?<=[.;:,]) | (?=-)", words))]


def _lines(command, status, text, home):
    plain = AGE.sub("<so much>", text.replace(str(home.parent), "<folder>"))
    return [f"{command}: exit status {status}", *(f"{command}: {line.rstrip()}" for line in plain.splitlines())]
