"""What the contract promises of the API's answers: the members that the existing client reads, and their types."""

from datetime import datetime

TEXT_OR_NULL, NUMBER = (str, type(None)), (int, float)
USER = {"id": int, "email": str, "profile": TEXT_OR_NULL, "createdAt": str, "lastUpdate": str}
PLACE = ("centerLat", "centerLon", "northKm", "southKm", "eastKm", "westKm")
AREA = {"id": int, "name": str, "createdAt": str} | dict.fromkeys(PLACE, NUMBER)
TILE = {
    "id": int,
    "areaConfigId": int,
    "uniqueKey": str,
    "latitude": float,
    "longitude": float,
    "captureTime": str,
    "imagePath": str,
    "status": str,
    "lastComparisonTime": TEXT_OR_NULL,
    "changeDetected": (bool, type(None)),
}
TILE_STATUSES = {"INITIAL", "CAPTURED", "COMPARED", "CHANGED", "NO_CHANGE", "ERROR"}
SESSION = {
    "id": int,
    "areaConfigId": int,
    "startTime": str,
    "endTime": TEXT_OR_NULL,
    "status": str,
    "totalChangesDetected": int,
    "notificationSent": bool,
}
SESSION_STATUSES = {"IN_PROGRESS", "COMPLETED_CHANGES_DETECTED", "COMPLETED_NO_CHANGES", "COMPLETED_ERROR"}
DETAIL = {
    "id": int,
    "alertSessionId": int,
    "imageTileId": int,
    "previousImagePath": str,
    "currentImagePath": str,
    "changeLog": (dict, type(None)),
    "alertTime": str,
    "current_tile_info": dict,
}
CHANGE_LOG = {"changed": bool, "change_percent": NUMBER, "message": str}


def assert_shape(body, shape):
    """Hold a JSON object against its members' types; each time must end with a Z."""
    for name, kind in shape.items():
        assert isinstance(body[name], kind), f"{name} is {body[name]!r}"
        if name.endswith(("At", "Time", "Update")) and body[name] is not None:
            assert body[name].endswith("Z")
            datetime.fromisoformat(body[name])
