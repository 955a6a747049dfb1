"""All that the page asks for, by the keys of runs: opened once, kept, and returned as plain tables."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from sambench.errors import RunError, SambenchError
from sambench.files.storage.locations import Location
from sambench.pages.viewer.comparing import compared
from sambench.pages.viewer.image_table import ImageTable, image_table
from sambench.pages.viewer.progress import Journals, progress_of
from sambench.pages.viewer.run_fields import fault_fields, run_line, run_page
from sambench.pages.viewer.scenes import Scenes
from sambench.pages.viewer.shelf import Shelf
from sambench.pages.viewer.so_far import SoFar
from sambench.runs.run import Run

SMALL = "thumb.jpg"
"""Name of an image's small picture."""

Made = TypeVar("Made")
Fields = dict[str, Any]


class Kept:
    """Keeps the last few results of work that takes a while; the same work is not done twice at once."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._done: OrderedDict[Hashable, tuple[threading.Lock, list[Any]]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what was made for a key, or make it; what goes wrong is tried again the next time."""
        with self._lock:
            own, made = self._done.setdefault(key, (threading.Lock(), []))
            self._done.move_to_end(key)
            while len(self._done) > self.most:
                self._done.popitem(last=False)
        with own:
            if not made:
                made.append(make())
            result: Made = made[0]
            return result


class Library:
    """The runs below a place, as the page asks for them. Nothing is ever written to a run's folder.

    Args:
        results: A folder or URL.
    """

    def __init__(self, results: Location) -> None:
        self.shelf = Shelf(results)
        self._journals, self._so_far = Journals(), SoFar()
        self._tables, self._scenes, self._pairs = Kept(6), Kept(6), Kept(64)

    def runs(self) -> Fields:
        """Tell of all runs in a line each, and how far those are that go on."""
        return {"runs": [run_line(one) for one in self.shelf.all()], **self.progress()}

    def progress(self) -> Fields:
        """Tell how far the runs are that go on; by their keys."""
        by_key = {one.key: progress_of(one.run, self._journals) for one in self.shelf.all() if one.run is not None}
        return {"progress": {key: state for key, state in by_key.items() if state is not None}}

    def run(self, key: str) -> Fields:
        """Tell of one run all but its images.

        Raises:
            KeyError: There is none of this key.
        """
        return run_page(self.shelf.one(key))

    def so_far(self, key: str) -> Fields:
        """Tell the metrics of a run that goes on, of the images that are stored.

        Raises:
            KeyError: There is no run of this key.
        """
        try:
            return self._so_far.fields(self._run(key))
        except SambenchError as error:
            return {"error": fault_fields(error)}

    def images(self, key: str) -> Fields:
        """Tell of all images of a run their ids and what they lose, in the data's order.

        Raises:
            KeyError: There is no run of this key.
        """
        try:
            table = self.table(key)
        except SambenchError as error:
            return {"error": fault_fields(error)}
        return {"ids": table.ids, "losses": table.losses, "why": table.why}

    def image(self, key: str, index: int) -> Fields:
        """Tell of one image what can be laid over it.

        Raises:
            KeyError: There is no such run or image.
        """
        try:
            self._check(key, index)
            return self.scenes(key).scene(index).content
        except SambenchError as error:
            return {"error": fault_fields(error)}

    def picture(self, key: str, index: int, name: str) -> bytes:
        """Draw a picture of an image: its small one, or one that its scene names.

        Raises:
            KeyError: There is no such run, image or picture.
            SambenchError: It cannot be drawn.
        """
        self._check(key, index)
        if name == SMALL:
            return self.scenes(key).small(index)
        return self.scenes(key).scene(index).pictures[name]()

    def compared(self, baseline: str, candidate: str) -> Fields:
        """Hold two runs against each other.

        Raises:
            KeyError: There is no such run.
        """
        try:
            runs = [self._run(key) for key in (baseline, candidate)]
            stamp = tuple(run.record.sha256 for run in runs)
            return self._pairs.get((baseline, candidate, *stamp), lambda: compared(*runs))
        except SambenchError as error:
            return {"error": fault_fields(error)}

    def table(self, key: str) -> ImageTable:
        """Return a run's images.

        Raises:
            KeyError: There is no run of this key.
            SambenchError: It is not finished, or its rows cannot be read.
        """
        run = self._run(key)
        return self._tables.get((key, run.record.sha256), lambda: image_table(run))

    def scenes(self, key: str) -> Scenes:
        """Open a run's images.

        Raises:
            KeyError: There is no run of this key.
            SambenchError: Data or predictions are not there any more.
        """
        run, table = self._run(key), self.table(key)
        return self._scenes.get((key, run.record.sha256), lambda: Scenes(run, table))

    def version(self, key: str) -> str:
        """Return what tells a run from another in its place: the hash of its record.

        Raises:
            KeyError: There is no run of this key.
            SambenchError: It cannot be read.
        """
        return self._run(key).record.sha256

    def _run(self, key: str) -> Run:
        shelved = self.shelf.one(key)
        if shelved.run is None:
            raise shelved.fault or RunError("the run cannot be read")
        return shelved.run

    def _check(self, key: str, index: int) -> None:
        if not 0 <= index < len(self.table(key).ids):
            raise KeyError(index)
