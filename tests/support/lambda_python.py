"""The Python that Lambda runs: what is packaged and deployed is tested on it, and on no other."""

import pytest

from infra.lambda_python import VERSION

REQUIRED = "BHUPRAHARI_REQUIRE_LAMBDA_PYTHON"  # 1: another Python is an error, not a skip


def want_lambdas_python(here, *, is_required):
    """Skip where this is another Python; fail where the right one is demanded."""
    if here == VERSION:
        return
    lack = f"what packages must be the Python {VERSION} that Lambda runs, and this is {here}"
    if is_required:
        pytest.fail(f"{lack}, and {REQUIRED}=1 demands it: make deploy-test looks for one", pytrace=False)
    pytest.skip(lack)
