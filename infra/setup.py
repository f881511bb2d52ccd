"""Set Bhuprahari up on one machine: make .venv and install the locked dependencies into it.

    python3 infra/setup.py                  set up (a second time takes no time)
    python3 infra/setup.py run [options]    set up, then start everything: python -m infra.local [options]
    python3 infra/setup.py test [options]   set up, then run the tests: python -m pytest [options]

Standard library only, and written so that any Python parses it: an old one must come as far as the sentence below.
It never needs root. uv installs if it is on the PATH, else the pip of .venv.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Bhuprahari needs Python 3.11 or newer and this is Python %d.%d: install a newer one (python.org/downloads, "
        "or your system's package python3.12) and run this again with it." % sys.version_info[:2]
    )

import hashlib
import os
import shutil
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, os.environ.get("SETUP_VENV") or ".venv")  # another one for Lambda's Python
PYTHON = os.path.join(VENV, "Scripts", "python.exe") if os.name == "nt" else os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "locked")  # what was installed, for which Python, where
LOCK = os.path.join(ROOT, "requirements-dev.txt")
# More than four at once only wait for each other: every one of them starts its own MySQL server.
PYTEST = ["-m", "pytest", "-n", "auto", "--maxprocesses", "4", "-m", "not slow"]
COMMANDS = {"run": ["-m", "infra.local"], "test": PYTEST}


def main(arguments):
    """Run the command and return the exit status."""
    command = arguments[0] if arguments else ""
    if command in ("-h", "--help") or (command and command not in COMMANDS):
        say(__doc__)
        return 0 if command.startswith("-h") or command == "--help" else 2
    set_up()
    if not command:
        return 0
    return become([PYTHON] + COMMANDS[command] + arguments[1:])


def set_up():
    """Bring .venv to the lock, unless it is there already."""
    version = version_of(PYTHON)
    if version and read(STAMP) == stamp(version):
        return
    if not version or (os.path.exists(STAMP) and read(STAMP).split("\n")[:2] != stamp(version).split("\n")[:2]):
        make_venv()
    if os.path.exists(STAMP):
        os.remove(STAMP)
    started = time.time()
    say("Installing the locked dependencies into %s: once, one to three minutes " % os.path.relpath(VENV, ROOT))
    install()
    with open(STAMP, "w") as file:
        file.write(stamp(version_of(PYTHON)))
    say(" done in %.0f s.\n" % (time.time() - started))


def stamp(version):
    """Return what belongs into .venv: this Python, this place (its scripts name it), this lock."""
    with open(LOCK, "rb") as file:
        return "\n".join([version, os.path.realpath(VENV), hashlib.sha256(file.read()).hexdigest()])


def say(text):
    """Print at once and without a line's end, in words that Python 2 parses too."""
    sys.stdout.write(text)
    sys.stdout.flush()


def read(path):
    """Read a small file; one that is not there is empty."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def version_of(python):
    """Return the X.Y of an interpreter, or "" if it does not start or is too old."""
    code = "import sys; print('%d.%d' % sys.version_info[:2] if sys.version_info >= (3, 11) else '')"
    try:
        return subprocess.check_output([python, "-I", "-S", "-c", code], universal_newlines=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def make_venv():
    """Make .venv anew with this interpreter."""
    inside = os.path.realpath(sys.prefix) == os.path.realpath(VENV)
    base = getattr(sys, "_base_executable", sys.executable) if inside else sys.executable
    pip = [] if shutil.which("uv") else ["ensurepip"]
    missing = [module for module in ["venv"] + pip if subprocess.call([base, "-c", "import " + module], **SILENT)]
    if missing:
        sys.exit(
            "This Python (%s) lacks its module %s, which .venv is made with: on Debian or Ubuntu run "
            "`sudo apt install python3-venv`, elsewhere install a complete Python 3.11 or newer." % (base, missing[0])
        )
    options = ["--clear"] if pip else ["--clear", "--without-pip"]  # the lock brings pip, for Chalice
    if subprocess.call([base, "-m", "venv"] + options + [VENV]):
        sys.exit("Could not make .venv with %s: what it said stands above." % base)


def install():
    """Install the lock, with hashes: by uv, and by pip where there is no uv or uv cannot."""
    uv = shutil.which("uv")
    if uv and patiently([uv, "pip", "install", "--python", PYTHON, "--require-hashes", "-r", LOCK]) == "":
        return
    if subprocess.call([PYTHON, "-m", "pip", "--version"], **SILENT):
        subprocess.call([PYTHON, "-m", "ensurepip", "--default-pip"], **SILENT)
    quiet = ["--disable-pip-version-check", "--no-input", "--quiet"]
    complaint = patiently([PYTHON, "-m", "pip", "install"] + quiet + ["--require-hashes", "-r", LOCK])
    if complaint:
        sys.exit("\n%s\nCould not install the dependencies: see above; is the network there?" % complaint)


SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def patiently(command):
    """Run a long command, a dot for every two seconds; return "" if it went well, else the end of its output."""
    log = os.path.join(VENV, "install.log")
    with open(log, "w") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT)
        try:
            while True:
                try:
                    if process.wait(timeout=2) == 0:
                        return ""
                    break
                except subprocess.TimeoutExpired:
                    say(".")
        finally:
            if process.poll() is None:  # Ctrl-C
                process.kill()
    return "\n".join(read(log).splitlines()[-20:]) or "%s failed." % command[0]


def become(command):
    """Continue as another program, so that signals reach it and its exit status is ours."""
    os.chdir(ROOT)
    if os.name != "nt":
        os.execv(command[0], command)
    process = subprocess.Popen(command)  # on Windows execv would give the prompt back at once
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            pass  # Ctrl-C reached the program too, and it ends in its own time


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\nStopped. Run it again: it starts over where it matters.")
