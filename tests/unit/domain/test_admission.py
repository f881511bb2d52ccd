"""The bucket as a value: what it holds, how it fills, and that no sequence of takes gets more out of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.application.admit import bucket_key, spoken
from chalicelib.domain.admission import NOWHERE, SECOND_US, Bucket, Limit, network_of

LIMIT = Limit(name="tries", capacity=10, period_s=60)
NOW_US = 1_764_000_000 * SECOND_US


def test_a_bucket_gives_what_it_holds_at_once_and_then_fills_evenly():
    bucket = Bucket(0)
    for _ in range(10):
        bucket, wait_s = bucket.taken(1, LIMIT, now_us=NOW_US)
        assert wait_s == 0
    same, wait_s = bucket.taken(1, LIMIT, now_us=NOW_US)
    assert (same, wait_s) == (bucket, 6.0), "a refusal takes nothing"
    assert bucket.taken(2, LIMIT, now_us=NOW_US)[1] == 12.0
    assert bucket.taken(1, LIMIT, now_us=NOW_US + 6 * SECOND_US)[1] == 0
    assert bucket.taken(10, LIMIT, now_us=NOW_US + 60 * SECOND_US)[1] == 0


def test_what_costs_more_than_a_bucket_holds_takes_all_of_it():
    bucket, wait_s = Bucket(0).taken(99, LIMIT, now_us=NOW_US)
    assert wait_s == 0
    assert bucket.taken(99, LIMIT, now_us=NOW_US)[1] == 60.0


def test_a_clock_that_was_put_back_costs_no_more_than_one_period():
    ahead, _ = Bucket(0).taken(1, LIMIT, now_us=NOW_US + 86_400 * SECOND_US)
    assert ahead.taken(1, LIMIT, now_us=NOW_US)[1] == 6.0
    assert Bucket(0).taken(1, LIMIT, now_us=NOW_US)[1] == 0


@given(
    capacity=st.integers(1, 50),
    period_s=st.integers(1, 3600),
    takes=st.lists(st.tuples(st.integers(1, 60), st.integers(0, 400_000_000)), max_size=60),
)
def test_no_sequence_gets_more_than_what_it_holds_and_what_came_back(capacity, period_s, takes):
    limit = Limit(name="tries", capacity=capacity, period_s=period_s)
    bucket, now_us, through = Bucket(0), NOW_US, 0
    for units, pause_us in takes:
        now_us += pause_us
        bucket, wait_s = bucket.taken(units, limit, now_us=now_us)
        through += min(units, capacity) if wait_s == 0 else 0
        came_back = (now_us - NOW_US) / limit.unit_us
        assert through <= capacity + came_back + 1e-6
        if wait_s:
            again_us = now_us + round(wait_s * SECOND_US)
            assert bucket.taken(units, limit, now_us=again_us)[1] == 0, "it is worth coming when it said"


@pytest.mark.parametrize(("capacity", "period_s"), [(0, 60), (-1, 60), (1, 0), (1, -1)])
def test_a_limit_that_lets_nobody_in_is_none(capacity, period_s):
    with pytest.raises(ValueError, match="at least one unit"):
        Limit(name="tries", capacity=capacity, period_s=period_s)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        (" 203.0.113.9 ", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", NOWHERE),
        ("203.0.113", NOWHERE),
        ("evil, 203.0.113.9", NOWHERE),
        ("x" * 10_000, NOWHERE),
    ],
)
def test_an_address_counts_as_its_customer(address, network):
    assert network_of(address) == network


def test_a_key_is_short_and_tells_nobody():
    assert len(bucket_key(LIMIT, "asha@example.org")) == 40
    assert bucket_key(LIMIT, "asha@example.org") != bucket_key(LIMIT, "badri@example.org")
    assert bucket_key(LIMIT, "\ud800")


@pytest.mark.parametrize(("seconds", "words"), [(1, "1 second"), (89, "89 seconds"), (91, "2 minutes")])
def test_seconds_are_said_as_people_say_them(seconds, words):
    assert spoken(seconds) == words
