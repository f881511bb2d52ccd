"""What a release shows to those outside of it, as lines, part by part."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.same_as import commands, log_lines, normal
from tests.same_as.processes import Client, Local
from tests.same_as.releases import run, told

DEMO = {"email": "demo@bhuprahari.example", "password": "watch-the-land"}
DEMO_WITHIN_S = 300
PLACE = {"centerLat": 20.3, "centerLon": 85.7, "northKm": 0.4, "southKm": 0.4, "eastKm": 0.4, "westKm": 0.4}
SEEN = [
    *(("GET", f"api/{path}", None) for path in ("auth/me", "providers", "devices", "pushes", "area-configs")),
    *(("GET", f"api/{path}", None) for path in ("area-configs/1", "alerts/sessions", "alerts/sessions/2")),
    *(("GET", f"api/alerts/sessions/{number}/{what}", None) for number in (1, 2) for what in ("details", "ignored")),
    ("GET", "api/monitor/image-tiles/area/1", None),
    ("GET", "api/health", None),
    ("POST", "api/area-configs/estimate", PLACE),
]
REFUSED = [
    ("GET", "api/nothing", None),
    ("PUT", "api/area-configs", PLACE),
    ("GET", "api/area-configs/99", None),
    ("GET", "api/area-configs/x", None),
    ("DELETE", "api/area-configs/99", None),
    ("POST", "api/area-configs", PLACE),
    ("POST", "api/area-configs", PLACE | {"name": ""}),
    ("POST", "api/area-configs", PLACE | {"name": "x" * 999}),
    ("POST", "api/area-configs", PLACE | {"name": "a", "centerLat": 91}),
    ("POST", "api/area-configs", PLACE | {"name": "a", "northKm": "far"}),
    ("POST", "api/area-configs", PLACE | {"name": "a", "northKm": 999}),
    ("POST", "api/area-configs", PLACE | {"name": "a", "provider": "nobody"}),
    ("POST", "api/area-configs", PLACE | {"name": "a", "provider": "archive"}),
    ("POST", "api/area-configs", PLACE | {"name": "a", "provider": "google_static"}),
    ("POST", "api/area-configs", PLACE | {"name": "a", "cadenceHours": 0}),
    ("POST", "api/area-configs", PLACE | {"name": "a", "minChangedAreaM2": 0}),
    ("POST", "api/area-configs", PLACE | {"name": "a", "sensitivity": "wild"}),
    ("POST", "api/area-configs", [1]),
    ("PATCH", "api/area-configs/1", {"colour": "blue"}),
    ("GET", "api/alerts/sessions/99/details", None),
    ("GET", "api/alerts/sessions?limit=0", None),
    ("GET", "api/alerts/sessions?limit=many", None),
    ("GET", "api/alerts/sessions?after=nonsense", None),
    ("POST", "api/alerts/sessions/2/cancel", None),
    ("POST", "api/monitor/capture/99", None),
    ("POST", "api/monitor/compare/99", None),
    ("POST", "api/auth/register", DEMO),
    ("POST", "api/auth/register", {"email": "a", "password": "long-enough-it-is"}),
    ("POST", "api/auth/register", {"email": "a@example.org", "password": "x"}),
    ("POST", "api/auth/login", {"email": "a@example.org", "password": "not-the-one"}),
    ("POST", "api/auth/refresh", {"refresh_token": "not-one"}),
    ("POST", "api/devices", {"token": "", "platform": "telex"}),
    ("DELETE", "api/devices/99", None),
    ("GET", "static_images/1/nothing.png", None),
    ("GET", "static_images/1/nothing.png?expires=9999999999&signature=00", None),
]
FUNCTIONS = """
from app import app
for path, methods in app.routes.items():
    for method in methods: print("route", method, path)
for event in app.event_sources:
    shown = {name: value for name, value in vars(event).items() if name not in ("name", "handler_string", "handler")}
    expression = shown.get("schedule_expression")
    if expression is not None and not isinstance(expression, str): shown["schedule_expression"] = expression.to_string()
    print("function", event.name, *(f"{name}={value!r}" for name, value in sorted(shown.items())))
for function in app.pure_lambda_functions: print("function", function.name, "invoked by name")
"""
SETTING = re.compile(r"^\| `([A-Z_]+)` \| (—|`[^`]*`) \|", re.MULTILINE)
OLD_NAMES = {"sweep_schedule": "rate(7 minutes)"}  # still read, and still obeyed
BAD_SETTINGS = {
    "hoem": "x",
    "lease_s": "soon",
    "images_store": "s3",
    "push_service": "pigeon",
    "cadence_hours": "x",
    "min_clear_share": "5",
    "default_provider": "nope",
    "registration": "maybe",
    "database_url": "postgresql://localhost/x",
}


def gathered(tree, folder):
    """Give every part of a release as lines; `folder` takes what its runs leave."""
    return {
        **_started(tree, folder / "home"),
        "commands": commands.said(tree, folder / "home"),
        "schema": _schema(tree, folder / "schema"),
        "troubleshooting": normal.paragraphs((tree / "docs" / "troubleshooting.md").read_text(encoding="utf-8")),
        "settings": _settings(tree, folder),
        "functions": [
            *sorted(told(tree, FUNCTIONS, home=folder / "functions").splitlines()),
            *sorted(f"by old names: {line}" for line in run(tree, "-c", FUNCTIONS, **OLD_NAMES)[1].splitlines()),
        ],
    }


def _started(tree, home):
    """Let the demo run to its end, as `make run` shows it, and ask the server that is there then."""
    with Local(tree, home) as server:
        server.wait_for("kept in: ", within_s=DEMO_WITHIN_S)
        stranger, client = Client(server.url), Client(server.url).sign_in(**DEMO)
        document = stranger.call("GET", "api/openapi.json")
        answers = {f"{method} {path}": client.call(method, path, body) for method, path, body in SEEN}
        asked = [(client, *each) for each in REFUSED] + [(stranger, "GET", path, None) for _, path, _ in SEEN[:5]]
        refusals = {f"{number} {each[1]} {each[2]}": _refused(*each) for number, each in enumerate(asked)}
        status = server.stop()
    kept = sorted(path.relative_to(home).parts[0] for path in home.iterdir())
    return {
        "demo": [
            *normal.demo("\n".join(server.said), home),
            f"exit status {status}",
            f"in the home: {sorted(set(kept))}",
        ],
        "openapi": normal.leaves(document),
        "answers": normal.leaves(normal.answer(answers, home)),
        "refusals": normal.leaves(normal.answer(refusals, home)),
        "logs": [*log_lines.of_a_run((home / "log.jsonl").read_text()), *log_lines.of_the_code(tree)],
    }


def _refused(client, method, path, body):
    answer = client.ask(method, path, body, allow_redirects=False)
    is_json = "json" in answer.headers.get("Content-Type", "")
    return {
        "status": answer.status_code,
        "type": answer.headers.get("Content-Type"),
        "headers": sorted(name.lower() for name in answer.headers),
        "body": answer.json() if is_json else answer.text[:500],
    }


def _schema(tree, home):
    """Give the document's tables, and those that the migrations make on SQLite."""
    lines = told(tree, "from infra.schema import statements; print(statements())").splitlines()
    status, said = run(tree, "-m", "infra.migrate", home=home)
    lines += [f"migrate: {status} {line}" for line in said.replace(str(home), "<home>").splitlines()]
    with closing(sqlite3.connect(home / "bhuprahari.db")) as connection:
        made = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name")
        lines += [f"sqlite {name}: {line}" for name, sql in made for line in sql.splitlines()]
    return lines


def _settings(tree, folder):
    """Give the settings of the documents, and what a start says to all of them and to what it must refuse."""
    documents = [tree / name for name in ("README.md", "docs/settings.md")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in documents if path.exists())
    table = {name: default.strip("`").replace("—", "") for name, default in SETTING.findall(text)}
    sentence = next((line for line in text.splitlines() if "without the prefix" in line), "")
    lines = [f"{name} = {default}" for name, default in table.items()]
    lines += [f"without the prefix: {name}" for name in re.findall(r"`([A-Z_]+)`", sentence)]
    home = Path(folder) / "settings"
    tries = {"all of the table": table | {"HOME": home}} | {
        f"{name}={value}": {name: value, "home": home} for name, value in BAD_SETTINGS.items()
    }
    for what, settings in tries.items():
        status, said = run(tree, "-m", "infra.migrate", **settings)
        lines.append(f"a start with {what}: {status} {said.replace(str(home), '<home>').strip()[-500:]}")
    return lines
