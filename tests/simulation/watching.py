"""What is judged at the very commit: what a session says when it ends, and which pushes are on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain.unseen import DEFAULT_TOLERANCE
from tests.simulation import truth
from tests.simulation.invariants import IN_USE, State, not_looked_at

if TYPE_CHECKING:
    from tests.simulation.history import History

SETTLED = (
    "({image}.is_baseline OR EXISTS (SELECT 1 FROM comparisons p WHERE p.image_id = {image}.id AND p.id < c.id)"
    " OR EXISTS (SELECT 1 FROM session_tiles b WHERE b.id = {image}.tile_run_id AND b.verdict = 'BASELINE'))"
)
HASTY = (
    "SELECT c.image_id, r.id, o.id FROM comparisons c JOIN image_tiles i ON i.id = c.image_id"
    " JOIN image_tiles r ON r.id = c.reference_id JOIN image_tiles o ON o.area_id = i.area_id"
    " AND o.z = i.z AND o.x = i.x AND o.y = i.y AND (o.taken_at, o.id) < (i.taken_at, i.id) AND o.is_usable"
    f" WHERE c.id > ? AND i.is_apart IS NULL AND NOT {SETTLED.format(image='r')} AND {SETTLED.format(image='o')}"
)
"""New comparisons with a reference that was never compared itself, though there was one that was."""
UNRECORDED = "SELECT 1 FROM deliveries WHERE session_id = ? AND notice_id IS ? AND address = ? AND status = 'SENT'"
DESERTED = (
    "SELECT c.id FROM captures c WHERE c.id IN (SELECT capture_id FROM sim_deserted)"
    " AND NOT EXISTS (SELECT 1 FROM image_tiles i WHERE i.capture_id = c.id)"
)
"""Images whose last user has gone, and that are still there."""


class Watcher:
    """Looks at what each committed transaction has said."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._said = self._opened = self._compared = 0
        self.opened_at: dict[int, int] = {}  # sessions, and the step at which each was opened

    def committed(self) -> None:
        """Judge what was committed just now."""
        history, world = self._history, self._history.world
        task = world.crew.current
        for shown in task.pushed:
            if not shown.recorded and history.database.rows(
                UNRECORDED, shown.session_id, shown.notice_id, shown.address
            ):
                shown.recorded = world.steps
        task.committed, task.committed_at = world.steps, world.clock()
        last = history.database.value("SELECT MAX(id) FROM alert_sessions") or 0
        for session_id in range(self._opened + 1, last + 1):
            self.opened_at[session_id], history.seeing.opened_at[session_id] = world.steps, world.true_now
        self._opened = max(self._opened, last)
        for image_id, reference_id, settled_id in history.database.rows(HASTY, self._compared):
            says = f"image {image_id} with {reference_id}, which was not; {settled_id} was"
            world.violated("compared with what was compared", says)
        self._compared = history.database.value("SELECT MAX(id) FROM comparisons") or 0
        history.telling.committed()
        history.seeing.committed()
        for (capture_id,) in history.database.rows(DESERTED):
            world.violated("no image without a user", f"capture {capture_id} has outlived its last user")
        for image_id, scene_id in history.database.rows(IN_USE):
            world.violated("what is in use is not dropped", f"image {image_id} of {scene_id}")
        said = history.database.rows("SELECT id, session_id, status FROM sim_said WHERE id > ?", self._said)
        for number, session_id, status in said:
            self._said = number
            world.counts[f"session {status}"] += 1
            if status == "COMPLETED_NO_CHANGES":
                self._no_changes(session_id)

    def _no_changes(self, session_id: int) -> None:
        history, world = self._history, self._history.world
        hidden = truth.hidden_share(history, session_id)
        if hidden > DEFAULT_TOLERANCE:
            world.violated("no all-clear unseen", f"session {session_id}: {hidden:.0%} of its ground was hidden")
        if history.database.value("SELECT two_dates FROM alert_sessions WHERE id = ?", session_id):
            return  # it is no word about the area as it is now
        began = self.opened_at.get(session_id, 0)
        for reason in not_looked_at(State.of(history), session_id, lost_before=began):
            world.violated("no all-clear unseen", f"session {session_id}: {reason}")
