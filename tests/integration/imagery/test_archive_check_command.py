"""`python -m infra.archive check`: the table of what becomes of each file, for people and for machines."""

import json
import os
import subprocess
import sys

import boto3
from moto.server import ThreadedMotoServer

from infra.archive import __main__ as command
from tests.support.builders.archives import put
from tests.support.inventories import AREA, catalogue, write
from tests.support.sources import ROOT


def test_the_command_prints_the_table_and_its_counts(folder, capsys):
    put(folder, "a", AREA)
    assert command.main(["check", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "used      a.json  an item of 2024-05-01 10:30Z" in out
    assert out.endswith("2 files: 2 used, 0 not used that should be, 0 aside\n")
    (folder / "b.json").write_text("{")
    assert command.main(["check", str(folder)]) == 1
    assert "NOT USED  b.json  it is no whole JSON text: it ends at line 1, column 2" in capsys.readouterr().out


def run(*arguments, **settings):
    """Run the command as an operator does, in a process of its own."""
    command_line = [sys.executable, "-m", "infra.archive", *arguments]
    environment = os.environ | {name: str(value) for name, value in settings.items()}
    return subprocess.run(command_line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_command_answers_machines_and_takes_the_settings_folder_without_a_database(folder):
    put(folder, "a", AREA)
    nowhere = "mysql+pymysql://nobody@nowhere.invalid/none"
    done = run("check", "--json", BHUPRAHARI_ARCHIVE=folder, BHUPRAHARI_DATABASE_URL=nowhere)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert [file["use"] for file in answer["files"]] == ["used", "used"]
    assert answer["summary"].startswith("2 files")


def test_the_command_prints_its_table_and_no_log_beside_it(folder):
    put(folder, "a", AREA, taken="never")
    done = run("check", str(folder))
    assert (done.returncode, done.stderr) == (1, "")
    assert "NOT USED  a.json" in done.stdout


def test_the_command_says_what_is_in_its_way(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("BHUPRAHARI_ARCHIVE", raising=False)
    for arguments, words in (
        (["check", str(tmp_path / "gone")], "there is no folder"),
        (["check"], "no archive is set up here"),
    ):
        assert command.main(arguments) == 2
        assert words in capsys.readouterr().err


def test_the_command_looks_into_a_bucket(folder):
    put(folder, "a", AREA)
    write(
        folder / "catalog.json", catalogue(("item", "s3://looked-into/land/deeper/a.json"), ("item", "./deeper/a.json"))
    )
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    try:
        url = "http://{}:{}".format(*server.get_host_and_port())
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
        client = boto3.client(
            "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_bucket(Bucket="looked-into")
        for file in folder.iterdir():
            below = "" if file.name == "catalog.json" else "deeper/"
            client.put_object(Bucket="looked-into", Key=f"land/{below}{file.name}", Body=file.read_bytes())
        client.put_object(Bucket="looked-into", Key="land/deeper/", Body=b"")
        done = run("check", "s3://looked-into/land", BHUPRAHARI_AWS_ENDPOINT_URL=url, **keys)
        assert (done.returncode, done.stderr) == (0, "")
        assert "3 files: 3 used" in done.stdout
        gone = run("check", "s3://gone/land", BHUPRAHARI_AWS_ENDPOINT_URL=url, **keys)
        assert gone.returncode == 2
        assert "the archive's bucket cannot be listed" in gone.stderr
    finally:
        server.stop()
