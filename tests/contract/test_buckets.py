"""Never more through than a bucket holds, alone and under races; and what a store that is away means."""

from datetime import timedelta

import pytest

from chalicelib.adapters.buckets import MemoryBuckets
from chalicelib.adapters.database.buckets import SqlBuckets
from chalicelib.adapters.portioned_buckets import AWAY_S, KEPT_S, PortionedBuckets
from chalicelib.application.admit import delete_full_buckets
from chalicelib.domain.admission import Limit
from chalicelib.domain.errors import Unavailable
from tests.support.fakes.clock import A_MOMENT
from tests.support.timing import at_once

TRIES = Limit(name="tries", capacity=10, period_s=60)
MANY = Limit(name="requests", capacity=1000, period_s=60)
NOW = A_MOMENT


@pytest.fixture(params=["memory", "database", "portions"])
def buckets(request, engine):
    if request.param == "memory":
        return MemoryBuckets()
    store = SqlBuckets(engine)
    return store if request.param == "database" else PortionedBuckets(lambda: store, monotonic=lambda: 0.0)


@pytest.fixture
def store(engine):
    return SqlBuckets(engine)


def test_a_bucket_holds_what_it_holds_and_fills(buckets):
    waits = [buckets.take("asha", 1, TRIES, now=NOW) for _ in range(11)]
    assert waits[:10] == [0] * 10
    assert 0 < waits[10] <= 6
    assert buckets.take("badri", 1, TRIES, now=NOW) == 0, "a bucket is one's own"


def test_a_bucket_says_when_to_come_back_and_keeps_its_word(store):
    store.take("asha", 10, TRIES, now=NOW)
    assert store.take("asha", 2, TRIES, now=NOW) == 12
    assert store.take("asha", 2, TRIES, now=NOW + timedelta(seconds=11.9)) > 0
    assert store.take("asha", 2, TRIES, now=NOW + timedelta(seconds=12)) == 0


@pytest.mark.parametrize("limit", [TRIES, MANY], ids=["few", "many"])
def test_races_never_get_more_through_than_it_holds(buckets, limit):
    units = limit.capacity // 10
    for number in range(12):
        key = f"race {number}"
        answers = at_once(*[lambda key=key: buckets.take(key, units, limit, now=NOW)] * 16)
        assert [answer for answer in answers if isinstance(answer, Exception)] == []
        assert sum(answer == 0 for answer in answers) == 10


def test_processes_together_never_get_more_through_than_the_store_holds(store):
    processes = [PortionedBuckets(lambda: store, monotonic=lambda: 0.0) for _ in range(4)]

    def ask_often(process):
        return sum(process.take("asha", 1, MANY, now=NOW) == 0 for _ in range(400))

    through = at_once(*[lambda each=each: ask_often(each) for each in processes for _ in range(2)])
    assert MANY.capacity - 4 * MANY.capacity // 50 <= sum(through) <= MANY.capacity


def test_a_portion_spares_the_store_and_is_lost_after_a_while():
    asked, at = [], [0.0]

    class Counting(MemoryBuckets):
        def take(self, key, units, limit, *, now):
            asked.append(units)
            return super().take(key, units, limit, now=now)

    counted = Counting()
    buckets = PortionedBuckets(lambda: counted, monotonic=lambda: at[0])
    for _ in range(20):
        assert buckets.take("asha", 1, MANY, now=NOW) == 0
    assert asked == [20], "one portion"
    buckets.take("asha", 1, MANY, now=NOW)
    at[0] += KEPT_S
    buckets.take("asha", 1, MANY, now=NOW)
    assert asked == [20, 20, 20]


def test_right_guesses_give_back_and_fill(buckets):
    for _ in range(12):
        assert buckets.take("asha", 1, TRIES, now=NOW) == 0
        buckets.give_back("asha", 1, TRIES)
    for _ in range(10):
        assert buckets.take("badri", 1, TRIES, now=NOW) == 0
    assert buckets.take("badri", 1, TRIES, now=NOW) > 0
    buckets.fill("badri")
    assert buckets.take("badri", 1, TRIES, now=NOW) == 0


def test_what_is_full_again_is_deleted_and_nothing_else(buckets):
    for number in range(30):
        buckets.take(f"address {number}", 1, TRIES, now=NOW)
    buckets.take("guesser", 10, TRIES, now=NOW)
    assert delete_full_buckets(buckets=buckets, now=NOW) == 0
    assert delete_full_buckets(buckets=buckets, now=NOW + timedelta(seconds=6)) == 30
    assert buckets.take("guesser", 10, TRIES, now=NOW + timedelta(seconds=6)) > 0
    assert delete_full_buckets(buckets=buckets, now=NOW + timedelta(seconds=60)) == 1


def test_memory_is_bounded():
    buckets = MemoryBuckets(most=100)
    for number in range(1000):
        buckets.take(f"address {number}", 1, TRIES, now=NOW)
    assert delete_full_buckets(buckets=buckets, now=NOW + timedelta(days=1)) == 100


def test_while_the_store_is_away_each_process_counts_for_itself_and_asks_it_rarely(caplog):
    at, tries = [0.0], []

    class Away(MemoryBuckets):
        def take(self, key, units, limit, *, now):
            tries.append(key)
            raise Unavailable("the database does not answer")

    buckets = PortionedBuckets(Away, monotonic=lambda: at[0])
    answers = [buckets.take("asha", 1, TRIES, now=NOW) for _ in range(12)]
    assert answers[:10] == [0] * 10, "nobody is locked out"
    assert min(answers[10:]) > 0, "nobody goes unlimited"
    assert len(tries) == 1
    at[0] += AWAY_S
    buckets.take("badri", 1, TRIES, now=NOW)
    assert len(tries) == 2
    assert [record.message for record in caplog.records] == ["limits are counted in this process alone"] * 2
