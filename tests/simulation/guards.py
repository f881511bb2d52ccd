"""The guards of the trip, each with the way to take it out."""

from __future__ import annotations

from tests.simulation.guard import APPLICATION, DB, DOMAIN, ONE_WRITER, Guard
from tests.simulation.guards_of_ending import ENDING
from tests.simulation.guards_of_keeping import KEEPING
from tests.simulation.guards_of_telling import TELLING

WRITING = (
    # A tile's truth is what was compared
    Guard(
        "nothing new is said of an image that was never compared",
        f"{DOMAIN}.tile_runs",
        "after_nothing_new",
        "if image.is_settled:",
        "if True:",
    ),
    Guard(
        "a reference is the last compared image",
        f"{DOMAIN}.references",
        "choose_reference",
        "settled = [candidate for candidate in older if candidate.is_settled]",
        "settled = older",
    ),
    Guard(
        "the stored object is looked for",
        f"{APPLICATION}.choose_image",
        "Choice",
        "all(map(self.images.has, image.keys))",
        "True",
    ),
    Guard("a lost image is never used again", f"{DB}.images", "forget_image", '{"is_usable": False, ', "{"),
    Guard(
        "unseen ground is no all-clear",
        f"{DOMAIN}.sessions",
        "ending_of",
        "unseen is not None and unseen.is_more_than(tolerance)",
        "False",
    ),
    # Which scenes are looked at
    Guard(
        "a new version of a scene is looked at",
        f"{DOMAIN}.images",
        "StoredImage",
        "return self.version == scene.version",
        "return True",
    ),
    Guard(
        "a newest scene that shows too little does not hide the next one",
        f"{DOMAIN}.choosing",
        "steps_down",
        "return steps[: last + 1]",
        "return steps[:1]",
    ),
    Guard(
        "dates that are there from the start are compared at once",
        f"{APPLICATION}.choose_image",
        "Choice",
        "if baseline is not None:\n                claim = ",
        "if False:\n                claim = ",
    ),
    Guard(
        "what cannot be used is told",
        f"{APPLICATION}.choose_image",
        "Choice",
        "if why is not None:",
        "if False:",
    ),
    # Who may write
    Guard(
        "fence and verdict: only the latest claim writes, and once",
        f"{DB}.claims",
        "is_held",
        "(RUN.c.id == claim.tile_run_id) & (RUN.c.fence == claim.fence) & RUN.c.verdict.is_(None)",
        "RUN.c.id == claim.tile_run_id",
    ),
    Guard(
        "fence: only the latest claim writes",
        f"{DB}.claims",
        "is_held",
        "& (RUN.c.fence == claim.fence) ",
        "",
        "a verdict once and one image a tile run stand behind it",
    ),
    Guard(
        "lease: a held tile run is not claimed",
        f"{DB}.claims",
        "_claim",
        'RUN.c.lease_until.is_(None) | (RUN.c.lease_until <= bindparam("now"))',
        "True",
    ),
    Guard(
        "a dead letter ends no ended tile run", f"{DB}.tile_runs", "SqlTileRuns", " & RUN.c.verdict.is_(None)\n", "\n"
    ),
    Guard(
        "a pair has one comparison",
        f"{DB}.session_closing",
        "end_run",
        "if not add_comparison(connection, key, outcome, now=now):",
        "if add_comparison(connection, key, outcome, now=now) is None:",
        "a unique key of the table stands behind it",
    ),
    Guard(
        "the session is finished with its last tile run",
        f"{DB}.session_closing",
        "finish_if_done",
        "connection.execute(is_left).scalar()",
        "False",
    ),
    Guard(
        "the session is finished with its last part",
        f"{DB}.session_closing",
        "finish_if_done",
        " | has_part(session.id)",
        "",
    ),
    Guard(
        "the last image to be compared ends its session",
        f"{DB}.session_closing",
        "_update_image",
        "of_image.where(_open_run_of(run.session_id))",
        "of_image",
        "reconcile ends it at its deadline; test_trip.py and test_races.py miss it",
    ),
    Guard(
        "the session's row is locked before counting",
        f"{DB}.session_closing",
        "lock_session",
        ".with_for_update()",
        "",
        ONE_WRITER,
    ),
    Guard(
        "a stalled job is written anew by one of two",
        f"{DB}.tile_retries",
        "retry_stalled",
        "RUN.c.id == row.id, RUN.c.retry_at <= now, RUN.c.state == row.state",
        "RUN.c.id == row.id",
        ONE_WRITER,
    ),
    # Bytes and rows
    Guard(
        "bytes before the row",
        f"{APPLICATION}.tile_work",
        "put_object",
        "    images.put(key, content)\n",
        "    with suppress(Unavailable):\n        images.put(key, content)\n",
    ),
    Guard(
        "bytes before the row: of an image",
        f"{APPLICATION}.capture_image",
        "ImageCapture",
        "        self._put(capture.key, content, instead_of)\n",
        "        with suppress(Unavailable):\n            self._put(capture.key, content, instead_of)\n",
    ),
    Guard(
        "an orphan is old",
        f"{APPLICATION}.reconcile",
        "_delete_orphans",
        "every_s=ORPHANS_EVERY_S)",
        "every_s=1.0)\n    old_at = now + timedelta(days=1)",
    ),
    Guard(
        "only what no row names is an orphan",
        f"{APPLICATION}.reconcile",
        "_delete_orphans",
        "orphans.release([item.key for item in stored if item.modified_at < old_at])",
        "[item.key for item in stored if item.modified_at < old_at]",
    ),
    Guard(
        "a deleted area's objects go",
        f"{APPLICATION}.reconcile",
        "reconcile",
        "_purge_deleted(areas, images, clock, sessions=sessions, jobs=jobs, isolation=isolation)",
        "pass",
    ),
)
SHARING = (
    # An image is of a scene and a tile
    Guard(
        "what is stored is not captured again",
        f"{DB}.captures",
        "SqlCaptures",
        "if found is None or found.object_key is not None:\n                return",
        "if found is not None and found.object_key is not None:\n"
        "                return CaptureHold(found.id, now)\n            if found is None:\n                return",
    ),
    Guard(
        "one worker captures an image",
        f"{DB}.captures",
        "_taken_over",
        " & (CAPTURE.c.lease_until <= now)",
        "",
    ),
    Guard(
        "only the latest hold keeps an image",
        f"{DB}.captures",
        "_is_held",
        " & (CAPTURE.c.lease_until == hold.until)",
        "",
        "a hold that is taken over has another id; of two that restore an image both store the same bytes",
    ),
    Guard(
        "a hold that failed is given up",
        f"{APPLICATION}.capture_image",
        "ImageCapture",
        "self.captures.give_up(found, reason=reason, now=self.clock())",
        "pass",
        "its lease ends by itself; tests/integration/test_shared_images.py catches it",
    ),
    Guard(
        "an image goes with its last user",
        f"{DB}.purging",
        "purge_part",
        "delete_unused(connection, {row.capture_id for row in images if row.capture_id is not None})",
        "[]",
    ),
    Guard(
        "an image that others use stays",
        f"{DB}.captures",
        "delete_unused",
        "if row.id not in kept",
        "",
    ),
    Guard(
        "an image that nobody came to use goes",
        f"{DB}.orphans",
        "SqlOrphans",
        "set(delete_unused(connection, captured.values()))",
        "set()",
    ),
    Guard(
        "holds of the dead are deleted",
        f"{APPLICATION}.reconcile",
        "reconcile",
        "captures.delete_left_over(before=old_at, limit=OBJECTS_AT_ONCE)",
        "pass",
    ),
)
GUARDS = (*WRITING, *SHARING, *ENDING, *TELLING, *KEEPING)
