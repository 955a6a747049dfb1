"""How many masks images have, remembered by the bytes of their ground truth, so that a subset is chosen fast."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable
from typing import NamedTuple

from sambench.datasets.formats.sources import RegionSource
from sambench.files.json_text import parse_json
from sambench.files.paths import cache_root
from sambench.files.safe_names import safe_part

_log = logging.getLogger(__name__)
_LOG_EVERY_SECONDS = 15.0


class Counted(NamedTuple):
    """What an image's ground truth holds.

    Attributes:
        masks: Masks that cover a pixel.
        left_out: One line for each other.
    """

    masks: int
    left_out: list[str]


class Counts:
    """Counts of one source, kept in the user's cache folder.

    An entry is named by the SHA-256 of the image's ground-truth files and by the source's rules, so it can never be
    stale; it may be lost, and is then counted again. Sources whose files hold many images are not remembered.

    Args:
        source: The source.
    """

    def __init__(self, source: RegionSource) -> None:
        self._source = source
        rules = hashlib.sha256(f"{source.card.name} {source.rules}".encode()).hexdigest()[:16]
        self._path = cache_root() / "counts" / f"{safe_part(source.card.name)}-{rules}.json"
        self._known: dict[str, Counted] | None = None
        self._changed = False

    def get(self, key: str) -> Counted | None:
        """Return an image's count where it is known."""
        digest = self._digest(key)
        return None if digest is None else self._entries().get(digest)

    def put(self, key: str, count: Counted) -> None:
        """Remember an image's count."""
        if (digest := self._digest(key)) is not None and self._entries().get(digest) != count:
            self._entries()[digest] = count
            self._changed = True

    def save(self) -> None:
        """Write what is new; a folder that cannot be written only costs the time to count again."""
        if not self._changed:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._path.parent, delete=False) as stream:
                json.dump(self._entries(), stream)
            os.replace(stream.name, self._path)
        self._changed = False

    def _entries(self) -> dict[str, Counted]:
        if self._known is None:
            try:
                content = parse_json(self._path.read_bytes())
                self._known = {
                    str(digest): Counted(int(masks), [str(line) for line in left_out])
                    for digest, (masks, left_out) in content.items()
                }
            except (OSError, ValueError, TypeError, AttributeError):
                self._known = {}
        return self._known

    def _digest(self, key: str) -> str | None:
        item = self._source.items[key]
        if not item.truths:
            return None
        digest = hashlib.sha256()
        try:
            for path in item.truths:
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError:
            return None
        return digest.hexdigest()


class Counting:
    """Counts the masks of one image after another, and logs a line every quarter of a minute.

    Args:
        count: Counts an image's masks.
        name: The dataset's, for the log.
        total: How many images there are.
    """

    def __init__(self, count: Callable[[str], int], name: str, total: int) -> None:
        self._count, self._name, self._total, self._done = count, name, total, 0
        self._last = time.monotonic()

    def __call__(self, key: str) -> int:
        """Count an image's masks."""
        self._done += 1
        if time.monotonic() - self._last > _LOG_EVERY_SECONDS:
            self._last = time.monotonic()
            _log.info("%s: masks of %d of %d images counted", self._name, self._done, self._total)
        return self._count(key)
