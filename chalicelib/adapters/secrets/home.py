"""Secrets at home: from the environment, and made once for this machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

from typing_extensions import override

from chalicelib.application.ports.secrets import Secrets
from chalicelib.domain.errors import NotFound


class EnvironmentSecrets(Secrets):
    """The secrets that the environment gave at the start: BHUPRAHARI_SECRET_LINK_KEY is `link-key`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    @override
    def get(self, name: str) -> str:
        if text := self._values.get(name):
            return text
        variable = "BHUPRAHARI_SECRET_" + name.upper().replace("-", "_")
        raise NotFound(f"there is no secret {name}: set {variable}")


class HomeSecrets(Secrets):
    """The environment's secrets, and beside them those that one machine can make for itself, kept in a folder."""

    def __init__(self, values: Mapping[str, str], *, folder: Path, makers: Mapping[str, Callable[[], str]]) -> None:
        self._given = EnvironmentSecrets(values)
        self._folder, self._makers = folder, dict(makers)

    @override
    def get(self, name: str) -> str:
        try:
            return self._given.get(name)
        except NotFound:
            if name not in self._makers:
                raise
        path = self._folder / name
        if not path.exists():
            self._make(path, self._makers[name]())
        return path.read_text(encoding="utf-8")

    def _make(self, path: Path, text: str) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=self._folder, prefix=f"{path.name}.", encoding="utf-8") as draft:  # mode 600
            draft.write(text)
            draft.flush()
            # Of two processes that start together one link wins, and both read what it wrote.
            with contextlib.suppress(FileExistsError):
                os.link(draft.name, path)
