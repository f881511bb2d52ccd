"""What a row says of a permit."""

from datetime import date

import pytest

from chalicelib.adapters.layers.permits import permit_of
from chalicelib.domain.layer_imports import ImportOptions
from chalicelib.domain.layers import LayerKind

NAMED = ImportOptions(kind=LayerKind.PERMITS, from_column="from", to_column="to", state_column="state")


def test_a_row_says_from_when_to_when_and_how_it_stands():
    said = permit_of({"from": "01-02-2025", "to": "2025-12-31", "state": "Revoked"}, NAMED)
    assert said == {
        "valid_from": date(2025, 2, 1), "valid_to": date(2025, 12, 31), "reference": None, "state": "revoked"
    }  # fmt: skip


@pytest.mark.parametrize("tags", [{}, {"state": ""}, {"state": "sanctioned"}])
def test_a_row_without_a_known_state_in_the_named_column_is_no_approval(tags):
    with pytest.raises(ValueError, match="a permit is approved, revoked, disputed, expired, not"):
        permit_of(tags, NAMED)


def test_where_no_column_is_named_for_the_state_all_are_approved():
    assert permit_of({}, ImportOptions(kind=LayerKind.PERMITS))["state"] == "approved"


def test_a_permit_that_ends_before_it_begins_is_none():
    with pytest.raises(ValueError, match=r"ends .* before it begins"):
        permit_of({"from": "2025-12-31", "to": "2025-01-01", "state": "approved"}, NAMED)
