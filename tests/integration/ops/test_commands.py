"""`python -m infra.ops`: at home, inside a stage (on stand-ins of AWS), and what it says when it cannot."""

import re

import pytest

from chalicelib.domain.archives import FileUse, Use
from chalicelib.functions.operate import archive_answer, operate
from infra.errors import OperatorError
from infra.ops.__main__ import main
from infra.ops.show import exit_status, lines
from infra.ops.stage import Stage
from tests.support.builders.archives import put, square
from tests.support.processes import forget
from tests.support.sources import ROOT
from tests.support.standins.aws import REGION, aws
from tests.support.standins.aws_lambda import LambdaStandIn
from tests.support.templates.broken_configurations import BROKEN_CONFIGURATIONS, break_configuration


def test_a_stages_commands_run_inside_it(stage, monkeypatch, capsys):
    function = Stage("dev", root=ROOT, region=REGION).function
    assert function == "bhuprahari-dev-operate"
    with LambdaStandIn({function: operate}) as stand_in:

        def run(*arguments):
            there = aws().endpoint_url
            inside = {"BHUPRAHARI_AWS_ENDPOINT_URL": there}

            def handler(event, context):
                monkeypatch.setenv("BHUPRAHARI_AWS_ENDPOINT_URL", inside["BHUPRAHARI_AWS_ENDPOINT_URL"])
                return operate(event, context)

            stand_in.functions[function] = handler
            monkeypatch.setenv("BHUPRAHARI_AWS_ENDPOINT_URL", stand_in.endpoint_url)
            status = main(["--stage", "dev", "--region", REGION, *arguments])
            printed = capsys.readouterr().out.splitlines(keepends=True)
            return status, "".join(line for line in printed if not line.startswith("{"))  # its log is CloudWatch's

        sqs = aws().client("sqs")
        dead = sqs.get_queue_url(QueueName=f"{stage}-captures-dead")["QueueUrl"]
        live = sqs.get_queue_url(QueueName=f"{stage}-captures")["QueueUrl"]
        assert run("stuck") == (0, "nothing is stuck\n")
        sqs.send_message(QueueUrl=dead, MessageBody='{"schema": 1, "session_id": 1, "tile_run_id": 1}')
        assert run("redrive") == (0, "dead letters: 1 of captures; nothing is done without --yes\n")
        assert run("stuck")[1].startswith("dead letters: 1 of captures\n")
        assert run("redrive", "--yes") == (0, "put back on their queues: 1 of captures\n")
        assert run("redrive") == (0, "there are no dead letters\n")
        sqs.send_message(QueueUrl=dead, MessageBody="held by reconcile")
        (held,) = sqs.receive_message(QueueUrl=dead, VisibilityTimeout=30)["Messages"]
        assert run("redrive", "--yes")[1].startswith("dead letters left: 1 of captures; held by reconcile")
        sqs.delete_message(QueueUrl=dead, ReceiptHandle=held["ReceiptHandle"])
        assert len(sqs.receive_message(QueueUrl=live)["Messages"]) == 1
        dead_files, files = (sqs.get_queue_url(QueueName=f"{stage}-imports{end}")["QueueUrl"] for end in ("-dead", ""))
        for body in ('{"schema": 1, "import_id": 7}', '{"schema": 1, "export_id": 8}'):
            sqs.send_message(QueueUrl=dead_files, MessageBody=body)
        assert run("stuck")[1].startswith("dead letters: 2 of imports\n")
        assert run("redrive", "--yes") == (0, "put back on their queues: 2 of imports\n")
        back = [sqs.receive_message(QueueUrl=files)["Messages"][0]["Body"] for _ in range(2)]
        assert sorted(back) == ['{"schema": 1, "export_id": 8}', '{"schema": 1, "import_id": 7}']
        assert run("replay", "999") == (1, "refused: there is no session 999\n")
        status, out = run("doctor")
        assert re.search(r"^ok    database +\S+ \S+ answers, at revision", out, re.MULTILINE), out
        assert status == 1, "this stage's queues have other names than the configuration's, so the lease counts"


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (
            "ResourceNotFoundException",
            "there is no function bhuprahari-dev-operate in the region ap-south-1: deploy it",
        ),
        ("AccessDeniedException", "your credentials may not call lambda:InvokeFunction on bhuprahari-dev-operate"),
        ("ExpiredTokenException", "AWS does not accept your credentials (ExpiredTokenException): sign in again"),
        ("UnrecognizedClientException", "AWS does not accept your credentials"),
        ("TooManyRequestsException", "all of the account's concurrency is in use"),
        ("KMSDisabledException", "AWS refuses to run bhuprahari-dev-operate: KMSDisabledException"),
    ],
)
def test_a_refusal_of_aws_is_a_sentence(monkeypatch, capsys, refusal, says):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    with LambdaStandIn({}) as stand_in:
        stand_in.refuse = refusal
        monkeypatch.setenv("BHUPRAHARI_AWS_ENDPOINT_URL", stand_in.endpoint_url)
        assert main(["--stage", "dev", "--region", REGION, "stuck"]) == 1
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told


def test_a_function_that_breaks_is_a_sentence(monkeypatch, capsys):
    def broken(_event, _context):
        raise RuntimeError("there is no setting BHUPRAHARI_X")

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    with LambdaStandIn({"bhuprahari-dev-operate": broken}) as stand_in:
        monkeypatch.setenv("BHUPRAHARI_AWS_ENDPOINT_URL", stand_in.endpoint_url)
        assert main(["--stage", "dev", "--region", REGION, "stuck"]) == 1
    assert (
        "operate failed: there is no setting BHUPRAHARI_X; its log in CloudWatch says more" in capsys.readouterr().err
    )


def test_without_region_credentials_or_network_it_says_what_to_do(monkeypatch, capsys, tmp_path):
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert main(["--stage", "dev", "stuck"]) == 1
    assert "no region is set: say --region NAME" in capsys.readouterr().err
    assert main(["--stage", "dev", "--region", REGION, "stuck"]) == 1
    assert "there are no AWS credentials here" in capsys.readouterr().err
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("BHUPRAHARI_AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert main(["--stage", "dev", "--region", REGION, "stuck"]) == 1
    assert "AWS Lambda cannot be reached in the region ap-south-1" in capsys.readouterr().err


def test_an_unknown_stage_is_named(capsys):
    assert main(["--stage", "nope", "doctor"]) == 1
    assert capsys.readouterr().err == (
        "cannot do that: there is no stage nope in .chalice/config.json: say one of dev, prod\n"
    )
    with pytest.raises(OperatorError):
        Stage("local", root=ROOT, region=None)


@pytest.mark.parametrize("given", [("--region", "bad region"), ()])
def test_what_is_no_region_is_named(monkeypatch, capsys, given):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "bad region")
    assert main(["--stage", "dev", *given, "stuck"]) == 1
    assert capsys.readouterr().err == (
        "cannot do that: 'bad region' is no region of AWS: say --region ap-south-1, with your own\n"
    )


@pytest.mark.parametrize(("text", "says"), BROKEN_CONFIGURATIONS)
def test_a_broken_configuration_is_a_sentence(capsys, tmp_path, text, says):
    break_configuration(tmp_path, text)
    assert main(["--stage", "dev", "stuck"], root=tmp_path) == 1
    assert says in capsys.readouterr().err


def test_the_timeouts_are_those_of_the_configuration():
    usual = dict.fromkeys((f"bhuprahari-prod-{queue}" for queue in ("captures", "comparisons", "notifications")), 110)
    assert Stage("prod", root=ROOT, region=None).timeouts == usual | {"bhuprahari-prod-imports": 590}


def test_at_home_everything_is_well(home, capsys):
    assert main(["--home", str(home), "doctor"]) == 0
    out = capsys.readouterr().out
    assert out.endswith("checks: 0 FAIL, 0 WARN\n")
    assert main(["--home", str(home), "stuck"]) == 0
    assert capsys.readouterr().out == "nothing is stuck\n"


def test_at_home_a_database_that_is_behind_or_away_is_told(tmp_path, capsys):
    assert main(["--home", str(tmp_path / "none"), "doctor"]) == 1
    assert "nothing was ever started in" in capsys.readouterr().err
    assert main(["--home", str(tmp_path), "--database", f"sqlite:///{tmp_path}/new.db", "doctor"]) == 1
    assert "is at revision none; this code needs" in capsys.readouterr().out
    forget()
    assert main(["--home", str(tmp_path), "--database", "mysql+pymysql://u:p@127.0.0.1:9/x", "stuck"]) == 1
    assert capsys.readouterr().out == "refused: the database does not answer: OperationalError\n"
    forget()
    assert main(["--home", str(tmp_path), "--database", "mysql://u:p@h/x", "stuck"]) == 1
    assert "cannot do that: the database cannot be used: No module named" in capsys.readouterr().err


def test_an_archive_is_accounted_for_inside_a_stage_what_is_wrong_first(stage, monkeypatch, capsys, tmp_path):
    folder = tmp_path / "land"
    folder.mkdir()
    put(folder, "a", square(28.6, 77.2, width_px=80, height_px=60, gsd_m=0.5).bounds)
    bucket = aws().make_bucket()
    for name, content in {"b.json": b"{", **{file.name: file.read_bytes() for file in folder.iterdir()}}.items():
        aws().client("s3").put_object(Bucket=bucket, Key=f"land/{name}", Body=content)
    there = {"BHUPRAHARI_AWS_ENDPOINT_URL": aws().endpoint_url, "BHUPRAHARI_ARCHIVE": f"s3://{bucket}/land"}
    function = Stage("dev", root=ROOT, region=REGION).function

    def handler(event, context):
        for name, value in there.items():
            monkeypatch.setenv(name, value)
        forget()
        return operate(event, context)

    with LambdaStandIn({function: handler}) as stand_in:
        monkeypatch.setenv("BHUPRAHARI_AWS_ENDPOINT_URL", stand_in.endpoint_url)
        assert main(["--stage", "dev", "--region", REGION, "archive"]) == 1
    printed = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("{")]
    assert [line[:16] for line in printed] == [
        "NOT USED  b.json",
        "used      a.json",
        "used      a.png ",
        "3 files: 2 used,",
    ]


def test_an_archive_is_accounted_for_at_home(home, monkeypatch, capsys, tmp_path):
    (tmp_path / "land").mkdir()
    put(tmp_path / "land", "a", square(28.6, 77.2, width_px=80, height_px=60, gsd_m=0.5).bounds)
    monkeypatch.setenv("BHUPRAHARI_ARCHIVE", str(tmp_path / "land"))
    forget()
    assert main(["--home", str(home), "archive"]) == 0
    assert "2 files: 2 used, 0 not used that should be, 0 aside" in capsys.readouterr().out


def test_more_files_than_a_function_may_answer_are_counted():
    uses = [FileUse(name=f"{number:04}.json", use=Use.USED, says="x" * 50) for number in range(2_500)]
    uses[2_400] = FileUse(name="2400.json", use=Use.NOT_USED, says="why", remedy="what to do")
    answer = archive_answer(uses)
    assert (answer["files"][0]["name"], len(answer["files"]), answer["left"]) == ("2400.json", 2_000, 500)
    assert answer["summary"] == "2500 files: 2499 used, 1 not used that should be, 0 aside"
    assert list(lines(answer))[-2:] == ["500 more are left out here", answer["summary"]]
    assert exit_status(answer) == 1


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["budget", "a@b.co", "--set", "tiles"], "a budget is KIND=NUMBER, or KIND= for everybody's, and not 'tiles'"),
        (["budget", "a@b.co", "--set", "tiles=many"], "and not 'tiles=many'"),
        (["budget", "a@b.co", "--set", "tiles=" + "9" * 5000], "a budget is KIND=NUMBER"),
        (["backup", ""], "name a folder: this one has no name"),
        (["restore", ""], "name a folder"),
        (["upgrade", " "], "name a folder"),
        (["--home", "", "doctor"], "name a folder"),
    ],
)
def test_what_is_no_argument_is_named_before_anything_is_done(capsys, typed, says):
    with pytest.raises(SystemExit):
        main(typed)
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["replay", "0"], "refused: there is no session 0\n"),
        (["replay", "9" * 30], f"refused: there is no session {'9' * 30}\n"),
        (["audit", "--forget-user", "9" * 30], f"refused: there is no user {'9' * 30}\n"),
        (["remove-user", ""], "refused: this is not an e-mail address\n"),
        (["audit", "--noted", f"{'9' * 30}:ab"], "the audit log is broken at entry"),
    ],
)
def test_what_there_is_not_is_refused_at_home(home, capsys, typed, says):
    assert main(["--home", str(home), *typed]) == 1
    assert says in capsys.readouterr().out


def test_the_addresses_of_nobody_are_forgotten_by_their_number_too(home, capsys):
    assert main(["--home", str(home), "audit", "--forget-user", "0"]) == 0
    assert capsys.readouterr().out == "forgotten from where it was done: 0 entries\n"
