import pytest

from chalicelib.domain.misfits import Misfit, MisfitKind


@pytest.mark.parametrize(
    ("east_m", "north_m", "says"),
    [
        (36.2, 0, "about 36 m to the east"),
        (-36, 4, "about 36 m to the west"),
        (0, 60, "about 60 m to the north"),
        (2, -60, "about 60 m to the south"),
        (30, 30, "about 42 m to the north-east"),
        (-30, 30, "about 42 m to the north-west"),
        (-30, -30, "about 42 m to the south-west"),
        (30, -30, "about 42 m to the south-east"),
    ],
)
def test_a_shift_is_told_with_its_distance_and_direction(east_m, north_m, says):
    assert Misfit(MisfitKind.SHIFTED, east_m, north_m).reason == f"does not fit its reference: {says}"


@pytest.mark.parametrize("kind", [kind for kind in MisfitKind if kind is not MisfitKind.SHIFTED])
def test_what_it_is_instead_is_told(kind):
    assert Misfit(kind).reason == f"does not fit its reference: {kind.value}"
