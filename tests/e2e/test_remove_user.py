"""The operator removes a user: asked first, done once, written down."""

import subprocess
import sys

from tests.support.running.client import PROJECT, Client, Server

WHO = {"email": "asha@example.org", "password": "a-long-secret"}


def ops(home, *arguments):
    command = [sys.executable, "-m", "infra.ops", "--home", str(home), *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_a_user_is_removed_once_it_is_meant_and_the_log_says_so(tmp_path):
    with Server(tmp_path, "--no-demo") as server:
        Client(server.url, **WHO)
    assert ops(tmp_path, "remove-user", WHO["email"]) == (
        0,
        "that is user 1: nothing is done without --yes, and nobody can take it back\n",
    )
    code, said = ops(tmp_path, "remove-user", WHO["email"], "--yes")
    assert (code, said.split(",")[0]) == (0, "user 1 is removed")
    assert ops(tmp_path, "remove-user", WHO["email"], "--yes") == (
        1,
        "refused: there is no account of asha@example.org\n",
    )
    code, said = ops(tmp_path, "audit")
    assert (code, said.split(",")[0]) == (0, "5 entries are whole")  # registered, signed in, removed, operated, purged
    assert WHO["email"].encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("*.jsonl"))
