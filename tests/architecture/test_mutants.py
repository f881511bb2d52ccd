"""Each kind of mistake that nothing noticed once is noticed now."""

import pytest

from tests.architecture.mutants import found

pytestmark = pytest.mark.xdist_group("templates")  # in one process, which asks Chalice for each stage once


def test_every_planted_mistake_is_noticed():
    red = found()
    assert len(red) >= 18
    assert [kind for kind, names in red.items() if not names] == []
