"""The sums of docs/costs.md: printed by the command, and of the things that the templates make."""

from math import isnan

import pytest

from infra.aws import cost
from infra.aws.prices import AP_SOUTH_1, US_EAST_1
from tests.architecture.rules.book import of_type
from tests.support.sources import ROOT
from tests.support.templates.rendered import rendered

pytestmark = pytest.mark.xdist_group("templates")  # in one process, which asks Chalice for each stage once


def test_the_document_shows_what_the_command_prints():
    assert cost.report() in (ROOT / "docs" / "costs.md").read_text(encoding="utf-8"), "run python -m infra.aws.cost"


def test_the_deploys_page_names_the_same_sum():
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert f"{cost.total(cost.stage()):.2f} USD a month for a whole stage that idles" in page


def test_a_whole_stage_that_idles_costs_at_most_25():
    assert 10 < cost.total(cost.stage()) <= 25


def test_what_is_counted_is_what_the_templates_make():
    made = rendered()
    alarms = of_type(made["watch"], "AWS::CloudWatch::Alarm").values()
    looked_at = [sum("MetricStat" in each for each in alarm.get("Metrics", [])) or 1 for alarm in alarms]
    assert sum(looked_at) == cost.ALARM_METRICS
    assert len(of_type(made["stage"], "AWS::SecretsManager::Secret")) + 1 == cost.SECRETS  # RDS keeps the master's
    assert made["stage"]["Resources"]["Database"]["Properties"]["DBInstanceClass"] in cost.database(0)[0].what


@pytest.mark.parametrize("way", cost.EGRESS)
def test_the_default_way_out_is_the_cheapest(way):
    default = rendered()["stage"]["Outputs"]["Egress"]["Value"]
    assert cost.total(cost.stage(way=default)) <= cost.total(cost.stage(way=way))


def test_more_tiles_cost_more_and_each_costs_less():
    sums = {tiles: cost.total(cost.stage(tiles)) for tiles in (0, 10, 1_000, 20_000, 100_000)}
    assert list(sums.values()) == sorted(sums.values())
    each = [usd / tiles for tiles, usd in sums.items() if tiles]
    assert each == sorted(each, reverse=True)


def test_a_price_that_nobody_found_is_said_and_in_no_sum():
    """A price left out must not look like a service that is free."""
    prices = {name: found[0] for name, found in AP_SOUTH_1.items()}
    lines = {line.what: line.usd for line in cost.stage(1_000, prices=prices)}
    unknown = {what for what, usd in lines.items() if isnan(usd)}
    assert unknown >= {"MySQL db.t4g.micro", "SQS", "alarms"}
    assert lines["secrets"] == cost.SECRETS * AP_SOUTH_1["secret, a month"][0]
    table = "\n".join(cost.regions())
    assert "| SQS | 0.97 | not found | 1.04 | not found | 8.41 | not found |" in table
    known = sum(usd for usd in lines.values() if not isnan(usd))
    assert f"| **{known:,.2f}** |" in table
    assert set(AP_SOUTH_1) < set(US_EAST_1), "one name for one thing"
    assert all(name in table for name in US_EAST_1), "found with its usage type, or said to be not found"


def test_only_what_is_over_the_free_amount_is_paid():
    assert cost.over(7, "alarms") == 0
    assert cost.over(12, "alarms") == 2
    assert [line.usd for line in cost.egress("nat-gateway", 100)] == pytest.approx([32.85 + 4.5, 3.65])
