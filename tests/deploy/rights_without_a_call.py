"""Rights that no call of the deploy test uses, each with why the function has it all the same."""

from __future__ import annotations

import re

LAMBDAS_OWN = {  # what Lambda does with a function's role, where no code of ours asks
    r"logs:.*": "Lambda writes what a function prints",
    r"xray:.*": "Lambda sends its traces",
    r"ec2:.*": "Lambda joins the network; the code is denied it",
}
POLLED = "Lambda polls the queue"
REASONS = {  # (function, action, the end of the resource)
    **{
        (function, action, queue): POLLED
        for function, queue in (
            ("capture_tile", "-captures"),
            ("compare_tile", "-comparisons"),
            ("notify_session", "-notifications"),
            ("import_areas", "-imports"),
            ("index_uploads", "-uploads"),
        )
        for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
    },
    **{
        (function, "s3:ListBucket", "-images"): "without it S3 says of a missing image that it is forbidden"
        for function in ("api_handler", "capture_tile", "compare_tile", "import_areas")
    },
    **{
        (function, action, queue): why
        for action in ("sqs:GetQueueUrl", "sqs:SendMessage")
        for function, queue, why in (
            ("capture_tile", "-notifications", "a tile that ends without a comparison may be its session's last"),
            ("api_handler", "-comparisons", "a tap on compare, or a replay, sends what waits for its comparison"),
            ("api_handler", "-notifications", "a session that somebody cancels ends, and that is told"),
        )
    },
    ("api_handler", "s3:PutObject", "/imports/*"): "it signs the link by which a file of parcels is sent",
    ("import_areas", "s3:DeleteObject", "/exports/*"): "an archive that came to nothing is taken away again",
    ("operate", "s3:GetObject", "-archive/*"): "an inventory reads what the index does not have",
    **{
        (function, "secretsmanager:GetSecretValue", f"/{secret}-??????"): "only under the provider google_static"
        for function in ("capture_tile", "operate")
        for secret in ("google-maps-key", "google-maps-signing")
    },
}


def reason(function: str, action: str, pattern: str) -> str:
    """Return why a function has a right that it did not use, "" if nobody said."""
    for own, why in LAMBDAS_OWN.items():
        if re.fullmatch(own, action):
            return why
    for (whose, what, end), why in REASONS.items():
        if (whose, what) == (function, action) and pattern.endswith(end):
            return why
    return ""
