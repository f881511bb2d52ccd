"""A tile server of two flights, watched by a whole process."""

from tests.e2e.trip_map_services import AFTER, BEFORE, walk


def test_what_changed_between_two_flights_is_told_and_then_nothing_is_asked_again(tmp_path):
    lines = []
    again, first = walk(tmp_path, say=lines.append)
    assert first["status"] == "COMPLETED_CHANGES_DETECTED"
    alert = first["alert_details"][0]
    assert (alert["previousCapturedAt"][:10], alert["currentCapturedAt"][:10]) == (BEFORE, AFTER)
    assert alert["currentAttribution"] == "Survey of the state"
    assert set(again["countsByVerdict"]) == {"NO_NEW_IMAGERY"}
    assert lines[-1].endswith(" 0 requests")
