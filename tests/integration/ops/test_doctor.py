"""What the doctor finds in a stage, whose everything is on stand-ins of AWS."""

import pytest

from chalicelib.application.diagnostics import examine
from chalicelib.composition import process_ports
from tests.support.processes import forget
from tests.support.standins.aws import aws

TIMEOUT_S = 110.0


def look(**timeouts):
    """Give what the doctor finds: every sentence by its subject, and what is not ok."""
    found = list(examine(process_ports().patient(), timeouts))
    return [(finding.level.value, finding.subject, finding.says) for finding in found if finding.level != "ok"], found


def test_a_stage_in_order_has_nothing_to_find(stage):
    bad, found = look(**{f"{stage}-captures": TIMEOUT_S})
    others = [f"queue {stage}-{name}" for name in ("comparisons", "notifications", "imports")]
    assert [finding for finding in bad if finding[1] not in others] == []
    subjects = {finding.subject for finding in found}
    assert {"settings", "database", "images", "secrets", "provider", "pushes", "backlog", "dead letters"} <= subjects
    assert f"queue {stage}-captures" in subjects
    listed = aws().client("s3").list_objects_v2(Bucket=process_ports().settings.images.bucket)
    assert listed["KeyCount"] == 0, "the probe is gone"


def test_a_queue_whose_messages_come_back_too_soon_is_found(stage):
    name = f"{stage}-captures"
    url = aws().client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    aws().client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "300"})
    bad, found = look(**{name: TIMEOUT_S})
    assert ("FAIL", f"queue {name}", "a message comes back after 300 s; the function may run 110 s") in bad
    assert any(finding.remedy == "set its VisibilityTimeout to 660 s or more" for finding in found)


def test_a_queue_without_its_dead_letters_is_found(stage):
    sqs, name = aws().client("sqs"), f"{stage}-captures"
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])
    sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "660"})
    bad, _ = look(**{name: TIMEOUT_S})
    assert any(subject == f"queue {name}" and "dead letters go to nowhere" in says for _, subject, says in bad)


@pytest.mark.parametrize(
    ("spoil", "subject", "says"),
    [
        ({"BHUPRAHARI_BUCKET": "no-such-bucket"}, "images", "the image bucket does not answer as it should"),
        ({"BHUPRAHARI_FCM_SECRET": "not-there"}, "pushes", "there is no secret"),
        ({"BHUPRAHARI_FCM_SECRET": "link-key"}, "pushes", "is not a Firebase service account's JSON"),
        ({"BHUPRAHARI_TOKEN_SECRET": "not-there"}, "secrets", "there is no secret"),
        ({"BHUPRAHARI_DATABASE_SECRET": "not-there"}, "database", "there is no secret"),
        ({"BHUPRAHARI_DEFAULT_PROVIDER": "google_static"}, "provider", "forbid"),
        ({"BHUPRAHARI_DEFAULT_PROVIDER": "archive"}, "provider", "no archive is set up here"),
        ({"BHUPRAHARI_NOTIFICATIONS_QUEUE": "not-there"}, "queue not-there", "it cannot be read"),
        ({"BHUPRAHARI_DATABASE_URL": "mysql+pymysql://u:p@127.0.0.1:9/x"}, "database", "the database does not answer"),
    ],
)
def test_what_is_not_in_order_is_a_failure_with_its_remedy(stage, monkeypatch, spoil, subject, says):
    for name, text in spoil.items():
        monkeypatch.setenv(name, text)
    forget()
    _, found = look()
    (finding,) = [each for each in found if each.subject == subject and each.level == "FAIL" and says in each.says]
    assert finding.remedy
    assert "PRIVATE" not in str(found)
    assert "t" * 32 not in str(found)
    assert "llll" not in str(found)
