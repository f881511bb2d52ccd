"""The files of one server, read as data: they name commands, settings, paths and addresses that are there."""

import configparser
import re
import shlex
import shutil
import subprocess

import pytest
import yaml

from chalicelib.api import strict_json
from chalicelib.settings import read
from infra.server import gunicorn_settings
from infra.server.__main__ import STOP_WITHIN_S, _parse
from tests.support.sources import ROOT

PARTS = ROOT / "infra" / "server"
UNITS = sorted((PARTS / "systemd").iterdir())
SERVICES = [path for path in UNITS if path.suffix == ".service" and "backup" not in path.name]
SITE = (PARTS / "nginx-site.conf").read_text()
SCRIPTS = ("install.sh", "backup.sh", "restore.sh", "certificate.sh", "bhuprahari")


def unit(path):
    found = configparser.ConfigParser(strict=False, interpolation=None)
    found.optionxform = str
    found.read_string(path.read_text())
    return found


def arguments(command):
    """Give what follows `-m infra.server`."""
    words = shlex.split(command)
    return words[words.index("infra.server") + 1 :]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_starts_a_command_that_exists(path):
    service = unit(path)["Service"]
    options = _parse(arguments(service["ExecStart"]))
    assert callable(options.run)
    assert service["User"] == "bhuprahari"
    assert service["EnvironmentFile"] == "/etc/bhuprahari/server.env"


def test_a_stop_waits_longer_than_the_work_in_hand():
    waits = {path.name: int(unit(path)["Service"]["TimeoutStopSec"]) for path in SERVICES}
    assert waits.pop("bhuprahari-api.service") > gunicorn_settings.graceful_timeout
    assert min(waits.values()) > STOP_WITHIN_S
    services = yaml.safe_load((PARTS / "compose.yaml").read_text())["services"]
    assert int(services["worker"]["stop_grace_period"].rstrip("s")) > STOP_WITHIN_S


def test_a_sign_that_a_request_may_take_as_long_as_the_app_lets_it():
    seconds = {name: int(text) for name, text in re.findall(r"(proxy_read_timeout|keepalive_timeout) (\d+)s", SITE)}
    assert seconds["proxy_read_timeout"] > gunicorn_settings.graceful_timeout > read({}).limits.compare_wait_s
    largest = int(re.search(r"client_max_body_size (\d+)k", SITE).group(1)) * 1024
    assert strict_json.MAX_BYTES < largest < 2 * strict_json.MAX_BYTES
    said = f"a request\\'s body has at most {strict_json.MAX_BYTES // 1024} KiB"
    assert SITE.count(said) == 2


def test_what_is_too_long_is_refused_by_the_site_and_not_by_gunicorn():
    """Whose refusals are pages of HTML."""
    buffers, length = map(int, re.search(r"large_client_header_buffers (\d+) (\d+);", SITE).groups())
    assert length < gunicorn_settings.limit_request_line
    assert buffers * length <= len("a:\r\n") * gunicorn_settings.limit_request_fields, "the shortest header has four"


def test_nginx_asks_where_the_api_listens():
    bound = _parse(arguments(unit(PARTS / "systemd" / "bhuprahari-api.service")["Service"]["ExecStart"])).bind
    assert f"server {bound};" in SITE
    assert "s/127\\.0\\.0\\.1:8000/api:8000/" in (PARTS / "compose.yaml").read_text()


def test_what_one_sign_in_sends_at_once_waits_at_nginx_wherever_it_goes():
    """A location with a `limit_req` of its own has none of the server's."""
    of_token = "limit_req zone=bhuprahari_token"
    assert "limit_req_zone $http_authorization zone=bhuprahari_token:" in SITE
    server = SITE[SITE.index("listen 443") :]
    locations = re.findall(r"location [^{]*\{[^}]*\}", server)
    assert of_token in server[: server.index("location")]
    assert [each for each in locations if "limit_req " in each and of_token not in each] == []
    assert sum("limit_req " in each for each in locations) == 1


def test_the_target_starts_every_service():
    wanted = unit(PARTS / "systemd" / "bhuprahari.target")["Unit"]["Wants"].split()
    started = {re.sub(r"@\d+", "@", name) for name in wanted}
    assert started == {path.name for path in SERVICES}
    assert len(wanted) == len(SERVICES) + 1, "two workers"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_reads_the_units(tmp_path):
    paths = []
    for path in UNITS:  # the programs lie on a server, not here
        text = re.sub(r"^(ExecStart=)\S+", r"\1/bin/true", path.read_text(), flags=re.MULTILINE)
        paths.append(tmp_path / path.name.replace("@.", "@1."))
        paths[-1].write_text(re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE))
    command = ["systemd-analyze", "verify", "--man=no", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "bhuprahari" in line]
    assert ours == []


ALL_SERVICES = [path for path in UNITS if path.suffix == ".service"]


@pytest.mark.parametrize("path", ALL_SERVICES, ids=lambda path: path.name)
def test_a_service_ends_before_the_machine_has_no_memory_left(path):
    service = unit(path)["Service"]
    assert re.fullmatch(r"[1-4]G", service["MemoryMax"])
    assert int(service["TasksMax"]) <= 512
    assert service["UMask"] == "0077"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
@pytest.mark.parametrize("path", ALL_SERVICES, ids=lambda path: path.name)
def test_a_service_is_exposed_no_more_than_its_work_needs(path, tmp_path):
    """systemd's own sum, from 0 to 10: the server's processes have 1.9, the backup, which is root's, 1.2."""
    copy = tmp_path / path.name.replace("@.", "@1.")
    copy.write_text(path.read_text())
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-200:]
    loose = [line for line in path.read_text().splitlines(keepends=True) if not line.startswith("Protect")]
    copy.write_text("".join(loose))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0, "without its protections it would be noticed"


def test_the_settings_in_the_example_are_settings():
    lines = (PARTS / "server.env.example").read_text().splitlines()
    assigned = [line.lstrip("#") for line in lines if re.match(r"#?[A-Z][A-Z_0-9]+='", line)]
    names = [shlex.split(line)[0].partition("=")[::2] for line in assigned]
    assert len(names) >= 15
    found = read({name: value for name, value in names if name.startswith("BHUPRAHARI_")})
    assert (found.pushes.push_service, found.images.images_store, found.process.home) == (
        "fcm",
        "s3",
        "/var/lib/bhuprahari",
    )
    read(dict(shlex.split(line)[0].split("=", 1) for line in assigned if line in lines))  # as it is, it can be used


def test_compose_starts_commands_that_exist():
    services = yaml.safe_load((PARTS / "compose.yaml").read_text())["services"]
    ours = {name: service for name, service in services.items() if service["image"] == "bhuprahari"}
    assert set(ours) == {"migrate", "api", "worker", "clock"}
    for name, service in ours.items():
        assert callable(_parse(service["command"]).run)
        settings = {name: value for name, value in service["environment"].items() if name.startswith("BHUPRAHARI_")}
        url = read(settings).database.database_url
        assert url.endswith("@database/bhuprahari")
        assert ("//bhuprahari_migrate:${MIGRATION_PASSWORD:" in url) == (name == "migrate"), "one changes tables"
        assert ("MIGRATION_PASSWORD" in str(service)) == (name == "migrate"), "nobody else knows its password"
    assert services["worker"]["deploy"]["replicas"] == 2
    network = yaml.safe_load((PARTS / "compose.yaml").read_text())["networks"]["inside"]["ipam"]["config"][0]["subnet"]
    assert _parse(ours["api"]["command"]).proxies == network
    assert (PARTS / services["migrate"]["build"]["context"] / services["migrate"]["build"]["dockerfile"]).is_file()


def test_the_image_copies_what_is_there_and_runs_what_is_there():
    lines = (PARTS / "Dockerfile").read_text().splitlines()
    copied = [line.split()[1] for line in lines if line.startswith("COPY ")]
    assert copied == ["requirements-server.txt", "app.py", "chalicelib", "infra", "landscape"]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    allowed = (PARTS / "Dockerfile.dockerignore").read_text().split()
    assert {f"!{name}" for name in copied} <= set(allowed)
    entry = next(line for line in lines if line.startswith("ENTRYPOINT "))
    default = next(line for line in lines if line.startswith("CMD "))
    assert yaml.safe_load(entry.removeprefix("ENTRYPOINT ")) == ["python", "-m", "infra.server"]
    assert callable(_parse(yaml.safe_load(default.removeprefix("CMD "))).run)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_one_that_a_shell_reads(name):
    path = PARTS / name
    assert path.stat().st_mode & 0o111
    done = subprocess.run(["sh", "-n", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [([], "say the server's name: install.sh watch.example.org"), (["a b"], "say the server's name"), (["x.org"], "")],
)
def test_the_installer_starts_nothing_where_it_does_not_belong(given, sentence):
    command = ["sh", str(PARTS / "install.sh"), *given]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"install.sh: {sentence}")
    assert len(done.stderr.splitlines()) == 1


def test_the_installer_uses_what_is_there():
    text = (PARTS / "install.sh").read_text()
    parts = set(re.findall(r"\$PARTS\"?/([\w.-]+)", text)) - {"install.sh"}
    assert len(parts) >= 5
    assert {name for name in parts if not (PARTS / name).exists()} == set()
    assert "$HERE/requirements-server.txt" in text
    assert (ROOT / "requirements-server.txt").exists()
