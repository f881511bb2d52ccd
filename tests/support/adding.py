"""`python -m infra.archive` as an operator types it, and what comes of it."""

import json

import rasterio

from infra.archive import __main__ as command
from tests.support.builders.geotiffs import noise

DATE = ["--date", "2024-03-01"]
PIXELS = noise(700, 600, 3)
PLAIN = {"driver": "GTiff", "compress": "DEFLATE"}


def add(archive, *arguments):
    return command.main(["add", *map(str, arguments), "--to", str(archive)])


def samples(path):
    with rasterio.open(path) as file:
        return file.read()


def is_all_used(archive, capsys):
    capsys.readouterr()
    assert command.main(["check", str(archive), "--json"]) == 0
    return {each["name"]: each for each in json.loads(capsys.readouterr().out)["files"]}


def offered_by_check(archive, capsys):
    """What `check` says to do about each file that it would not use."""
    capsys.readouterr()
    command.main(["check", str(archive), "--json"])
    files = json.loads(capsys.readouterr().out)["files"]
    return {each["name"]: each["remedy"] for each in files if each["use"] == "NOT USED"}
