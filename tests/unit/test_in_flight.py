"""Nobody has all threads of a process, or all of its processor; and what is held is given back."""

import threading
from contextlib import ExitStack

import pytest

from chalicelib.application import in_flight
from chalicelib.application.in_flight import AT_WORK, InFlight
from chalicelib.domain.errors import LimitReached


@pytest.fixture
def until():
    """Give what those who hold a thread wait for."""
    return threading.Event()


@pytest.fixture
def hold(until):
    """Hold a thread for somebody, in one of its own; what is given back counts those who have their turn."""
    at_work, begun = threading.Semaphore(0), []

    def begin(requests, who, **how):
        def run():
            with requests.held(who, most=requests.half, **how):
                at_work.release()
                until.wait(10)

        begun.append(threading.Thread(target=run))
        begun[-1].start()
        return at_work

    yield begin
    until.set()
    for thread in begun:
        thread.join(10)
        assert not thread.is_alive()


def test_who_has_his_share_is_refused_at_once_and_others_are_not(hold, monkeypatch):
    monkeypatch.setattr(in_flight, "AT_WORK", 4)
    requests = InFlight(8)
    for _ in range(requests.half):
        assert hold(requests, "asha").acquire(timeout=10)
    with pytest.raises(LimitReached, match="too many requests at once") as refused, requests.held("asha", most=4):
        pass
    assert refused.value.retry_after_s == 1
    with requests.held("badri", most=4):
        pass


def test_no_more_of_one_are_worked_on_at_once_than_two_and_of_what_takes_long_one(hold, until):
    requests = InFlight(12)
    for _ in range(AT_WORK + 1):
        at_work = hold(requests, "asha", is_alone=True)
    assert at_work.acquire(timeout=10)
    assert not at_work.acquire(timeout=0.05), "of those one after the other"
    hold(requests, "asha")
    assert at_work.acquire(timeout=10), "a short one beside it"
    hold(requests, "asha")
    assert not at_work.acquire(timeout=0.05), "no third one"
    until.set()
    for _ in range(AT_WORK + 1):
        assert at_work.acquire(timeout=10)


def test_who_rests_gives_his_turn_to_the_next(hold, until):
    requests = InFlight(12)
    with ExitStack() as held:
        shares = [held.enter_context(requests.held("asha", most=6)) for _ in range(AT_WORK)]
        at_work = hold(requests, "asha")
        assert not at_work.acquire(timeout=0.05)

        def sleep(seconds):
            assert seconds == 0.5
            assert at_work.acquire(timeout=10), "while one rests the next is worked on"
            until.set()

        shares[0].resting(sleep)(0.5)


def test_a_turn_that_does_not_come_is_refused_and_nothing_stays_held(monkeypatch):
    monkeypatch.setattr(in_flight, "TURN_S", 0.01)
    requests = InFlight(12)
    with (
        requests.held("asha", most=2, is_alone=True),
        pytest.raises(LimitReached, match="take long"),
        requests.held("asha", most=2, is_alone=True),
    ):
        pass
    with pytest.raises(RuntimeError), requests.held("asha", most=1):
        raise RuntimeError
    with requests.held("asha", most=1):
        pass


def test_a_process_of_one_thread_answers_as_well():
    requests = InFlight(1)
    with requests.held("asha", most=requests.half), requests.held("sign-ins", most=requests.quarter):
        pass


def test_a_long_answer_stands_back_until_others_are_answered_and_not_for_its_own(hold, until, monkeypatch):
    monkeypatch.setattr(in_flight, "WAY_S", 60)
    requests, went_on = InFlight(12), threading.Event()

    def write_long():
        with requests.held("asha", most=6) as share:
            share.give_way()
            went_on.set()

    with requests.held("asha", most=6):
        alone = threading.Thread(target=write_long)
        alone.start()
        assert went_on.wait(10), "another of its own is no reason to stand back"
        alone.join(10)
    went_on.clear()
    assert hold(requests, "badri").acquire(timeout=10)
    beside = threading.Thread(target=write_long)
    beside.start()
    assert not went_on.wait(0.05), "badri is worked for"
    until.set()
    assert went_on.wait(10)
    beside.join(10)


def test_two_long_answers_are_written_in_turns(monkeypatch):
    monkeypatch.setattr(in_flight, "WAY_S", 60)
    requests, parts, begun = InFlight(12), [], threading.Barrier(2)

    def write_long(who):
        with requests.held(who, most=6) as share:
            begun.wait(10)
            for _ in range(3):
                share.give_way()
                parts.append(who)

    writing = [threading.Thread(target=write_long, args=[who]) for who in ("asha", "badri")]
    for thread in writing:
        thread.start()
    for thread in writing:
        thread.join(10)
    assert sorted(parts) == ["asha"] * 3 + ["badri"] * 3, "neither waits for the other without end"


def test_nobody_stands_back_longer_than_a_moment_or_for_who_rests(monkeypatch):
    monkeypatch.setattr(in_flight, "WAY_S", 0.01)
    requests = InFlight(12)
    with requests.held("badri", most=6) as other, requests.held("asha", most=6) as share:
        share.give_way()
        monkeypatch.setattr(in_flight, "WAY_S", 60)
        other.resting(lambda _seconds: share.give_way())(0.5)
