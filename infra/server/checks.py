"""Checks before a process of the server starts. Each raises OperatorError with one sentence."""

from __future__ import annotations

import argparse
import importlib.util
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from chalicelib.settings import settings
from infra.errors import OperatorError, operator_errors

LEAST_DAYS = 10  # certbot renews thirty days before the end


def ready() -> None:
    """Check the settings, the database, the images and the keys."""
    for check in (chosen_settings, database, images, keys):
        check()


def chosen_settings() -> str:
    """Check that the settings are known and fit a server."""
    with operator_errors():
        found = settings()
    if not found.database.database_url.startswith("mysql+pymysql://"):
        raise OperatorError(
            "a server's processes share a MySQL or MariaDB: set BHUPRAHARI_DATABASE_URL=mysql+pymysql://user:pw@host/name"
        )
    if found.queues.queues_service != "outbox":
        raise OperatorError("on a server the database carries the jobs: leave BHUPRAHARI_QUEUES_SERVICE at outbox")
    with operator_errors():
        from chalicelib.composition import process_ports
        from infra.runtime.schedules import next_time

        for expression in (found.trip.capture_schedule, found.trip.reconcile_schedule):
            next_time(expression, after=process_ports().clock())
    return f"stage {found.process.stage}, everything under {Path(found.process.home).resolve()}"


def database() -> str:
    """Check that the database answers and is not behind the code. It is ahead while an upgrade is under way."""
    from chalicelib.adapters.database.schema.migrate import head

    version, revision = _found()
    if revision is None or revision < head():
        raise OperatorError(
            f"the database is at revision {revision or 'none'} and this version needs {head()}: "
            "run python -m infra.server migrate"
        )
    return f"{version}, revision {revision}"


def _found() -> tuple[str, str | None]:
    """Return the database server's version and the schema's revision, None without one."""
    from chalicelib.adapters.database.server import version_and_revision
    from chalicelib.composition import process_ports

    with operator_errors():
        return version_and_revision(process_ports().engine)


def connections(options: argparse.Namespace) -> str:
    """Check that all processes together open fewer connections than the database allows."""
    from chalicelib.adapters.database.server import max_connections
    from chalicelib.composition import process_ports

    api = options.processes * (options.threads + 1)
    workers = options.worker_processes * (2 * options.worker_threads + 1)  # each thread has a child with one
    clock = 4
    most = api + workers + clock
    with operator_errors():
        allowed = max_connections(process_ports().engine)
    said = f"at most {most} (API {api}, workers {workers}, clock {clock}) of the database's {allowed}"
    if most >= allowed:
        raise OperatorError(f"the processes may open too many connections, {said}: fewer processes or threads, please")
    return said


def images() -> str:
    """Check that the image store can be written; its folder is made here, if there is none yet."""
    from chalicelib.composition import process_ports

    with operator_errors():
        found = settings()
        process_ports().made_images().check()
    if found.images.images_store == "s3":
        return f"bucket {found.images.bucket} at {found.process.aws_endpoint_url or 'AWS'}"
    return f"folder {(Path(found.process.home) / 'images').resolve()}"


def keys() -> str:
    """Check that the keys of tokens and links are there and long enough, and the secret of pushes."""
    from chalicelib.composition import process_ports

    with operator_errors():
        ports = process_ports()
        found = ports.settings
        _ = ports.tokens, ports.links
        if found.pushes.push_service == "fcm":
            ports.secrets.get(found.pushes.fcm_secret)
    return f"tokens, links; pushes go to {'Firebase' if found.pushes.push_service == 'fcm' else 'the log'}"


def gunicorn() -> str:
    """Check that the HTTP server is installed."""
    if importlib.util.find_spec("gunicorn") is None:
        raise OperatorError("gunicorn is not installed: pip install --require-hashes -r requirements-server.txt")
    from importlib.metadata import version

    return f"gunicorn {version('gunicorn')}, Python {sys.version.split()[0]}"


def proxies(listed: str) -> str:
    """Check that the trusted proxies are addresses."""
    from infra.server.wsgi import Proxies

    try:
        Proxies(listed)
    except ValueError as error:
        raise OperatorError(f"--proxies takes addresses or networks with commas: {error}") from error
    return listed


def port_is_free(bind: str) -> str:
    """Check that the API's address is free."""
    host, _, port = bind.rpartition(":")
    if host == "unix":
        if not os.access(Path(port).parent, os.W_OK):
            raise OperatorError(f"--bind: no socket can be made in {Path(port).parent}: choose another folder")
        return bind
    if not host or not port.isdigit() or int(port) > 65535:
        raise OperatorError(f"--bind is HOST:PORT or unix:/path, not {bind!r}")
    plain = host.strip("[]")
    try:
        with socket.socket(socket.AF_INET6 if ":" in plain else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((plain, int(port)))
    except OSError as error:
        raise OperatorError(f"{bind} cannot be used ({error.strerror}): choose another --bind") from error
    return bind


def certificate(path: Path) -> str:
    """Check that the certificate can be read and lasts for more than ten days."""
    from cryptography.x509 import load_pem_x509_certificate

    from chalicelib.composition import process_ports

    try:
        until = load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise OperatorError(f"{path} is no certificate in PEM") from error
    days = (until - process_ports().clock()).days
    if days < LEAST_DAYS:
        raise OperatorError(f"the certificate {path} ends on {until:%Y-%m-%d}: run certbot renew")
    return f"{path} until {until:%Y-%m-%d}"


def migrated() -> str:
    """Bring the database to the newest schema; return a line for the operator. One that is ahead stays as it is."""
    chosen_settings()
    from chalicelib.adapters.database.schema.migrate import head
    from chalicelib.composition import process_ports

    _, revision = _found()
    ports = process_ports()
    name = ports.engine.url.render_as_string()
    if revision is not None and revision > head():
        return f"{name} is at revision {revision}, ahead of this version's {head()}: it stays there"
    with operator_errors():
        return f"{name} is at revision {ports.migrate()}"


def report(options: argparse.Namespace) -> int:
    """Print a line for every check; return 0 if nothing stands in the way, else 1."""
    checks: dict[str, Callable[[], str]] = {
        "program": gunicorn,
        "settings": chosen_settings,
        "database": database,
        "connections": lambda: connections(options),
        "images": images,
        "keys": keys,
        "proxies": lambda: proxies(options.proxies),
    }
    if options.certificate is not None:
        checks["certificate"] = lambda: certificate(options.certificate)
    wrong, is_readable = 0, True
    for name, check in checks.items():
        if name in ("database", "connections", "images", "keys") and not is_readable:
            continue
        try:
            print(f"ok     {name:12} {check()}")
        except OperatorError as error:
            print(f"WRONG  {name:12} {error}")
            wrong += 1
            is_readable = is_readable and name != "settings"
    print("nothing stands in the way" if not wrong else f"{wrong} to put right")
    return 1 if wrong else 0
