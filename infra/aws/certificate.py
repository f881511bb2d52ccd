"""The authority that signed the database's certificate: fetched into vendor/, which Chalice packs beside app.py."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from pathlib import Path

from infra.errors import OperatorError

BUNDLE = "rds-ca.pem"  # relative: a function starts in the folder of its code
SOURCE = "https://truststore.pki.rds.amazonaws.com/{region}/{region}-bundle.pem"
TIMEOUT_S = 30


def fetch(root: Path, region: str, *, source: str = SOURCE) -> str:
    """Fetch the region's bundle into vendor/ unless it is there; return what was done. Raises OperatorError."""
    path, mark = root / "vendor" / BUNDLE, f"# {region}\n".encode()
    if path.exists() and path.read_bytes().startswith(mark) and _count(path.read_bytes()):
        return f"vendor/{BUNDLE}: the certificates of {region} are there"
    source = source.format(region=region)
    try:
        with urllib.request.urlopen(source, timeout=TIMEOUT_S) as answer:  # noqa: S310 (https, above)
            content = answer.read()
    except (urllib.error.URLError, OSError) as error:
        raise OperatorError(
            f"the certificates of the region's databases cannot be fetched from {source} ({error}): "
            f"get that file in another way, and lay it to vendor/{BUNDLE} with a first line '# {region}'"
        ) from error
    if not (count := _count(content)):
        raise OperatorError(
            f"{source} gave no certificates: is something between you and AWS that answers in its place?"
        )
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(mark + content)
    return f"vendor/{BUNDLE}: {count} certificates of {region}"


def _count(content: bytes) -> int:
    """Count the certificates of a bundle; 0 for any other text."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=content.decode("ascii"))
    except (ssl.SSLError, ValueError):
        return 0
    return len(context.get_ca_certs())
