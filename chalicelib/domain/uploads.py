"""What S3 says of objects that came into a bucket, or went out of it: its event notifications.

Source: Amazon S3 user guide, "Event message structure". They may come late, doubled and in any order.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import unquote_plus, urlsplit

from chalicelib.domain.errors import BadMessage

TEST = "s3:TestEvent"  # what S3 sends when it is told where to send


class Upload(NamedTuple):
    """An object that came, changed or went."""

    bucket: str
    key: str

    def is_below(self, place: str) -> bool:
        """Return whether it lies at `s3://bucket/prefix`.

        >>> Upload("land", "flights/a.tif").is_below("s3://land/flights"), Upload("land", "b").is_below("s3://land")
        (True, True)
        >>> Upload("land", "flights2/a.tif").is_below("s3://land/flights")
        False
        """
        parts = urlsplit(place)
        prefix = parts.path.strip("/")
        is_there = not prefix or self.key.startswith(f"{prefix}/")
        return parts.scheme == "s3" and parts.netloc == self.bucket and is_there


def uploads_in(body: str) -> list[Upload]:
    """Return the objects that a notification names; none of a test. Raises BadMessage.

    >>> uploads_in('{"Records": [{"s3": {"bucket": {"name": "land"}, "object": {"key": "lake+1%2B2.json"}}}]}')
    [Upload(bucket='land', key='lake 1+2.json')]
    """
    try:
        said: Any = json.loads(body)
        if said.get("Event") == TEST:
            return []
        named = [each["s3"] for each in said["Records"]]
        return [Upload(str(each["bucket"]["name"]), unquote_plus(str(each["object"]["key"]))) for each in named]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadMessage(f"no notification of S3: {type(error).__name__}") from None
