"""The index of an archive, in memory."""

from dataclasses import replace
from datetime import timedelta
from threading import RLock

from typing_extensions import override

from chalicelib.application.ports.archive_index import ArchiveIndex
from chalicelib.domain.archives import IndexState
from chalicelib.domain.scenes import Item, shown_share


class MemoryArchiveIndex(ArchiveIndex):
    """The port `ArchiveIndex`. `looks` counts the questions for items."""

    def __init__(self):
        self.states, self.items, self.files, self.looks = {}, {}, {}, 0
        self.lock = RLock()

    @override
    def state(self, archive):
        return self.states.get(archive, IndexState())

    @override
    def over(self, archive, ground):
        self.looks += 1
        return [
            each
            for each in self.items.get(archive, ())
            if each.bounds is None or shown_share(Item("", None, "", each.bounds), ground, (0.0, 0.0)) > 0
        ]

    @override
    def named(self, archive, item_ids):
        self.looks += 1
        return [each for each in self.items.get(archive, ()) if each.item_id and each.item_id in item_ids]

    @override
    def begin(self, archive, *, fence, now, lease_s):
        with self.lock:
            state = self.state(archive)
            if state.fence != fence or (state.lease_until is not None and state.lease_until > now):
                return None
            until = now + timedelta(seconds=lease_s)
            self.states[archive] = replace(state, fence=fence + 1, lease_until=until)
            return fence + 1

    @override
    def publish(self, archive, build, *, fence, now):
        with self.lock:
            state = self.state(archive)
            if state.fence != fence or state.lease_until is None:
                return False
            about = {name: getattr(build, name) for name in ("listing", "usable", "bad", "unread")}
            self.states[archive] = IndexState(fence=fence, looked_at=now, **about)
            self.items[archive] = list(dict.fromkeys(build.items))
            return True

    @override
    def release(self, archive, *, fence, now):
        with self.lock:
            state = self.state(archive)
            if state.fence == fence and state.lease_until is not None and state.lease_until > now:
                self.states[archive] = replace(state, lease_until=now)

    @override
    def looked(self, archive, *, listing, now):
        with self.lock:
            if self.state(archive).listing == listing and archive in self.states:
                self.states[archive] = replace(self.state(archive), looked_at=now)

    @override
    def kept(self, archive, names):
        files = self.files.get(archive, {})
        return [files[name] for name in set(names) if name in files]

    @override
    def keep(self, archive, files):
        self.files.setdefault(archive, {}).update({file.name: file for file in files})

    @override
    def forget_others(self, archive, names):
        files = self.files.get(archive, {})
        self.files[archive] = {name: file for name, file in files.items() if name in set(names)}

    @override
    def delete_left_over(self, archive, *, before, limit):
        def seen_at(state):
            return state.looked_at or state.lease_until

        old = next((each for each, state in self.states.items() if each != archive and seen_at(state) < before), None)
        if old is None:
            return 0
        del self.states[old]
        return 1 + len(self.items.pop(old, ())) + len(self.files.pop(old, ()))
