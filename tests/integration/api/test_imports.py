"""The app must start where its function's zip has neither OpenCV nor firebase-admin."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
WITHOUT_THE_LAYERS = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        heavy = ("cv2", "numpy", "shapely", "pyogrio", "pyproj", "firebase_admin", "boto3", "requests")
        if name.split(".")[0] in heavy:
            raise ImportError(f"{name} is not here")

sys.meta_path.insert(0, Absent())
import app
assert app.app.routes
loaded = {"sqlalchemy", "alembic", "jwt", "argon2"} & set(sys.modules)
assert not loaded, f"imported before they are needed: {loaded}"
print("started")
"""


def test_the_app_starts_without_the_layers_and_without_what_it_may_never_need():
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_LAYERS], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (ran.stdout, ran.stderr) == ("started\n", "")
