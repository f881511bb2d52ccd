"""Holds every test in here to memory: no file, socket, process or database."""

import pytest

from tests.support.no_io import holding

FOLDERS = {"tmp_path", "tmp_path_factory", "tmpdir", "tmpdir_factory"}


@pytest.fixture(autouse=True)
def left_memory(request):
    """Give the list of what the test wanted beyond memory; it fails unless that is empty at its end."""
    if asked := FOLDERS & set(request.fixturenames):
        pytest.fail(f"a unit test has no folder ({', '.join(asked)}): it belongs into tests/integration", pytrace=False)
    with holding() as found:
        yield found
    assert not found, f"a unit test wanted {found}: it belongs into tests/integration, or its work into memory"
