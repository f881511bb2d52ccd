"""Setting up speaks in sentences, and leaves alone what is done."""

import importlib.util
import subprocess
import sys

import pytest

from tests.support.sources import ROOT

SETUP = ROOT / "infra" / "setup.py"


def run(code):
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def setup(tmp_path):
    """Give the setup of a checkout that has nothing but a lock."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "setup.py").write_text(SETUP.read_text())
    (tmp_path / "requirements-dev.txt").write_text("")
    spec = importlib.util.spec_from_file_location("checkout_setup", tmp_path / "infra" / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_old_python_is_told_in_one_sentence_what_to_install():
    done = run(f"import sys; sys.version_info = (3, 10, 4); exec(open({str(SETUP)!r}).read())")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "needs Python 3.11 or newer and this is Python 3.10: install" in done.stderr


def test_an_unknown_command_shows_the_known_ones():
    done = subprocess.run([sys.executable, SETUP, "tset"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "infra/setup.py test" in done.stdout


def test_what_is_installed_is_asked_of_the_lock_the_python_and_the_place(setup, tmp_path):
    before = setup.stamp("3.11")
    assert setup.stamp("3.12") != before
    (tmp_path / "requirements-dev.txt").write_text("idna==3.10")
    assert setup.stamp("3.11") != before
    setup.VENV = str(tmp_path / "elsewhere")
    (tmp_path / "requirements-dev.txt").write_text("")
    assert setup.stamp("3.11") != before


def test_a_python_that_does_not_start_has_no_version(setup):
    assert setup.version_of("no/such/python") == ""
    assert setup.version_of(sys.executable) == "{}.{}".format(*sys.version_info)


def test_the_last_words_of_a_failed_install_are_kept(setup, tmp_path):
    (tmp_path / ".venv").mkdir()
    assert setup.patiently([sys.executable, "-c", "print('no room'); raise SystemExit(3)"]) == "no room"
    assert setup.patiently([sys.executable, "-c", "print('well')"]) == ""


def test_a_second_time_nothing_is_installed(setup):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", setup.VENV], check=True)
    setup.install = lambda: None
    setup.set_up()

    def again():
        raise AssertionError("it was installed already")

    setup.install = again
    setup.set_up()
