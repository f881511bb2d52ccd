import os
import sys

import pytest

from tests.support.lambda_python import REQUIRED, want_lambdas_python


@pytest.fixture(scope="session")
def lambda_python():
    """Let a test run only on the Python that Lambda runs."""
    want_lambdas_python("{}.{}".format(*sys.version_info[:2]), is_required=os.environ.get(REQUIRED) == "1")
