"""The gate's looks at security see what is planted: a flaw in the code, a key in the tree, a lock without a hash."""

import pytest

from infra import sbom, secure
from tests.support.sources import ROOT

KEY = "AKIA" + "IOSFODNN7EXAMPLE"  # in two parts: this file is looked at too
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n"
WORD = "passw" + "ord"
FLAWS = [
    ("B602", "import subprocess\n\n\ndef run(text):\n    subprocess.call(text, shell=True)\n"),
    ("B608", "def find(cursor, name):\n    cursor.execute(\"SELECT * FROM users WHERE name = '%s'\" % name)\n"),
    ("B301", "import pickle\n\n\ndef read(body):\n    return pickle.loads(body)\n"),
    ("B501", "import requests\n\n\ndef get(url):\n    return requests.get(url, verify=False, timeout=5)\n"),
    ("B324", "import hashlib\n\n\ndef digest(text):\n    return hashlib.md5(text).hexdigest()\n"),
    ("B602", "import subprocess\n\n\ndef run(text):\n    subprocess.call(text, shell=True)  # nosec\n"),
]
SECRETS = [
    ("AWS Access Key", "settings.py", f'KEY = "{KEY}"\n'),
    ("AWS Access Key", "settings.py", f'KEY = "{KEY}"  # pragma: allowlist secret\n'),
    ("Private Key", "docs/key.pem", PEM),
    ("Basic Auth Credentials", "infra/server.env", "URL='mysql://land:" + "Tr33-0f-life@db.example.org/land'\n"),
    ("Secret Keyword", "tests/test_x.py", f'{WORD} = "gr4nite-h0rse-9"\n'),
]


def planted(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return name


@pytest.mark.parametrize(("kind", "code"), FLAWS)
def test_a_flaw_that_is_planted_is_found(tmp_path, kind, code):
    name = planted(tmp_path, "chalicelib/planted.py", code)
    found, _ = secure.examine(tmp_path, [name], secure.table())
    assert (kind, name) in {(each.kind, each.path) for each in found}


@pytest.mark.parametrize(("kind", "name", "text"), SECRETS)
def test_a_secret_that_is_planted_is_found(tmp_path, kind, name, text):
    found, _ = secure.examine(tmp_path, [planted(tmp_path, name, text)], secure.table())
    assert kind in {each.kind for each in found}


def test_an_exception_is_of_its_kind_at_its_place_and_says_why(tmp_path):
    name = planted(tmp_path, "infra/setup.py", FLAWS[0][1])
    found, unused = secure.examine(tmp_path, [name], secure.table())
    assert {each.kind for each in found} == {"B602"}, "what else is meant there is another kind"
    assert len(unused) > 10, "and what nothing needs is told"
    for bad in (
        'reason = "long enough it is, surely"',
        'kind = "B1"\npaths = ["/"]\nreason = "everywhere, in all of it"',
    ):
        table = tmp_path / "secure.toml"
        table.write_text(f"[[known]]\n{bad}\n")
        with pytest.raises(ValueError, match="an exception names"):
            secure.table(table)


def test_the_bill_names_what_is_locked_and_refuses_what_is_not_pinned(tmp_path):
    part = tmp_path / "requirements.txt"
    whole = (ROOT / "layers" / "opencv" / "requirements.txt").read_text()
    part.write_text(whole)
    names = {each["name"] for each in sbom.bill(part)["components"]}
    assert {"numpy", "opencv-python-headless"} <= names
    for bad in ("left-pad==1.0\n", "left-pad>=1 --hash=sha256:" + "0" * 64 + "\n"):
        part.write_text(whole + bad)
        with pytest.raises(ValueError, match="left-pad is not pinned to a version with its hash"):
            sbom.bill(part)
