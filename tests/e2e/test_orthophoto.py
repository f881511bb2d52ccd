"""Two flights as GeoTIFFs in UTM, by a whole process: what was built between them comes out where it stands."""

import numpy as np

from tests.e2e.trip_flights import walk


def test_a_house_on_the_second_flight_is_an_alert_at_its_place_to_a_metre(tmp_path):
    found = walk(tmp_path)
    assert set(found.first["countsByVerdict"]) == {"BASELINE"}
    assert found.second["status"] == "COMPLETED_CHANGES_DETECTED"
    assert np.hypot(*found.off_m) <= 1, (found.off_m, found.second["alert_details"])
    assert len({image.shape[:2] for image in found.images}) == 1
