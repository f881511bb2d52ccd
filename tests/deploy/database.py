"""The stage's database: a private server that speaks TLS, with a master whose secret is as RDS keeps it."""

from __future__ import annotations

import json
import secrets
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.databases.mysql_server import HOW_TO_GET_ONE, find_server, start_server

MASTER = "bhuprahari_master"


@contextmanager
def database(folder: Path):
    """Start it; give its address, its master's secret, and the file of its certificates' authority."""
    program = find_server()
    if program is None:
        raise RuntimeError(f"the deployed functions need a server: {HOW_TO_GET_ONE}")
    authority, certificate, key = _certificates(folder)
    password = secrets.token_hex(12)
    sql = f"""CREATE DATABASE bhuprahari;
    CREATE USER '{MASTER}'@'%' IDENTIFIED BY '{password}' REQUIRE SSL;
    GRANT ALL ON *.* TO '{MASTER}'@'%' WITH GRANT OPTION;
    """
    joined = "\n".join(" ".join(line.split()) for line in sql.splitlines() if line.strip()) + "\n"  # a statement a line
    server = start_server(program, f"--ssl-ca={authority}", f"--ssl-cert={certificate}", f"--ssl-key={key}", sql=joined)
    try:
        yield f"127.0.0.1:{server.port}", json.dumps({"username": MASTER, "password": password}), authority, server
    finally:
        server.stop()


def _certificates(folder: Path) -> tuple[Path, Path, Path]:
    """Make an authority and a certificate of 127.0.0.1."""
    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in of RDS")]), datetime.now(UTC)

    def signed(subject, public, *extensions):
        builder = x509.CertificateBuilder(name, subject, public, x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    secret = leaf.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    contents = {
        "ca.pem": signed(name, root.public_key(), x509.BasicConstraints(ca=True, path_length=None)),
        "server.pem": signed(whose, leaf.public_key(), alternative),
        "key.pem": secret,
    }
    for file, content in contents.items():
        (folder / file).write_bytes(content)
    return tuple(folder / file for file in contents)
