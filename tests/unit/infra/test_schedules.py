from datetime import UTC, datetime

import pytest

from infra.errors import OperatorError
from infra.runtime.schedules import next_time

NOW = datetime(2026, 11, 22, 13, 7, 30, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(
    ("expression", "then"),
    [
        ("rate(1 minute)", datetime(2026, 11, 22, 13, 8, 30, tzinfo=UTC)),
        ("rate(6 hours)", datetime(2026, 11, 22, 19, 7, 30, tzinfo=UTC)),
        ("rate(2 days)", datetime(2026, 11, 24, 13, 7, 30, tzinfo=UTC)),
        ("cron(0 6 * * ? *)", datetime(2026, 11, 23, 6, 0, tzinfo=UTC)),
        ("cron(0/15 * * * ? *)", datetime(2026, 11, 22, 13, 15, tzinfo=UTC)),
        ("cron(30 18 ? * MON-FRI *)", datetime(2026, 11, 23, 18, 30, tzinfo=UTC)),
        ("cron(0 0 29 2 ? *)", datetime(2028, 2, 29, 0, 0, tzinfo=UTC)),
        ("cron(5,10 8 1 JAN,jul ? 2027)", datetime(2027, 1, 1, 8, 5, tzinfo=UTC)),
    ],
)
def test_a_schedule_comes_round(expression, then):
    assert next_time(expression, after=NOW) == then


@pytest.mark.parametrize(
    "expression",
    ["", "every day", "rate(0.5 hours)", "cron(0 6 * *)", "cron(0 6 L * ? *)", "cron(61 * * * ? *)"]
    + ["cron(0 0 31 2 ? *)", "cron(0 6 ? * 2#1 *)"],
)
def test_a_schedule_that_cannot_be_read_says_so(expression):
    with pytest.raises(OperatorError):
        next_time(expression, after=NOW)
