"""Holds every test in here to memory, its fixtures too: no file, socket, process or database."""

import pytest

from tests.support.no_io import holding


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    return (yield from _held())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    return (yield from _held())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    if nextitem is None:  # with the last test goes what other rooms have started: servers, their folders
        return (yield)
    return (yield from _held())


def _held():
    with holding() as found:
        result = yield
    assert not found, f"a unit test wanted {found}: it belongs into tests/integration, or its work into memory"
    return result
