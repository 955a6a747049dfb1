"""The page as files for any web host: the same addresses as the server's, each answer written once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sambench.errors import SambenchError, UsageError
from sambench.files.atomic import write_bytes
from sambench.files.progress import progress
from sambench.pages.viewer.assets import POLICY, as_json, assets
from sambench.pages.viewer.library import SMALL, Library


@dataclass
class Bundled:
    """What was written.

    Attributes:
        runs, images, pairs, files, size: Runs, images with pictures, compared pairs, files and their bytes.
        notes: What is left out.
    """

    runs: int = 0
    images: int = 0
    pairs: int = 0
    files: int = 0
    size: int = 0
    notes: list[str] = field(default_factory=list)


class _Writer:
    """Writes files below a folder and counts them."""

    def __init__(self, folder: Path, bundled: Bundled) -> None:
        self.folder, self.bundled = folder, bundled

    def write(self, name: str, content: bytes) -> None:
        """Write a file by its place in the bundle, whose parts are this module's and the library's own."""
        write_bytes(self.folder / name, content)
        self.bundled.files += 1
        self.bundled.size += len(content)

    def tell(self, name: str, content: Any) -> None:
        """Write a JSON file that the page reads."""
        self.write(f"data/{name}", as_json(content).encode())


def write_bundle(library: Library, folder: Path, images: int | None) -> Bundled:
    """Write the page and all that it can show.

    Args:
        library: The runs; those that go on are told as they are now.
        folder: An empty folder, or one that is made.
        images: Images of each run whose pictures are written, those that lose most first; None for all.

    Raises:
        UsageError: The folder is not empty, or there is no run.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        what = "the bundle's folder is not empty"
        raise UsageError(what, where=folder, mend="choose another with out=FOLDER, or remove it")
    bundled = Bundled()
    writer = _Writer(folder, bundled)
    runs = library.runs()["runs"]
    if not runs:
        raise UsageError("there is no run", where=library.shelf.results, mend="give the place of finished runs")
    for name, content in assets().items():
        writer.write(name, _with_policy(content) if name == "index.html" else content)
    finished = [one for one in runs if one["state"] == "finished"]
    chosen = {one["key"]: _chosen(library, one["key"], images) for one in finished}
    display = progress("auto", "bundle", len(runs) + sum(map(len, chosen.values())))
    try:
        for one in runs:
            writer.tell(f"{one['key']}/run.json", library.run(one["key"]))
            bundled.runs += 1
            display.advance()
        for one in finished:
            drawn = []
            for index in chosen[one["key"]]:
                drawn += [index] if _image(library, writer, one["key"], index) else []
                display.advance()
            bundled.images += len(drawn)
            bundled.notes += _tell_images(library, writer, one, sorted(drawn))
        for first, second in _pairs(finished):
            writer.tell(f"compare/{first}/{second}.json", library.compared(first, second))
            bundled.pairs += 1
    finally:
        display.close()
    which = "" if images is None else f"; pictures of at most {images} images a run, those that lose most"
    writer.tell("runs.json", {"runs": runs, "progress": {}, "bundle": f"Written as files{which}."})
    return bundled


def _with_policy(page: bytes) -> bytes:
    """Let the page ask for nothing but its own files, whatever host it lies on."""
    head = b'<meta charset="utf-8">'
    return page.replace(head, head + b'\n<meta http-equiv="Content-Security-Policy" content="%s">' % POLICY.encode())


def _chosen(library: Library, key: str, images: int | None) -> list[int]:
    """Return the places of a run's images that lose most; those whose loss is not known come last."""
    try:
        losses = library.table(key).losses
    except SambenchError:
        return []
    order = sorted(range(len(losses)), key=lambda index: (losses[index] is None, -(losses[index] or 0.0), index))
    return order if images is None else order[:images]


def _image(library: Library, writer: _Writer, key: str, index: int) -> bool:
    """Write an image with all its pictures; returns whether it could be drawn."""
    fields = library.image(key, index)
    writer.tell(f"{key}/{index}/image.json", fields)
    if "error" in fields:
        return False
    for name in (SMALL, *library.scenes(key).scene(index).pictures):
        writer.write(f"data/{key}/{index}/{name}", library.picture(key, index, name))
    return True


def _tell_images(library: Library, writer: _Writer, one: dict[str, Any], drawn: list[int]) -> list[str]:
    """Write the table of a run's images; returns what a reader must know of it."""
    table = library.images(one["key"])
    if "error" in table:
        writer.tell(f"{one['key']}/images.json", table)
        return [f"{one['place']}: {table['error']['what']}"]
    writer.tell(f"{one['key']}/images.json", {**table, "drawn": drawn})
    if len(drawn) == len(table["ids"]):
        return []
    return [f"{one['place']}: pictures of {len(drawn)} of {len(table['ids'])} images"]


def _pairs(finished: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield every two runs of one task, each of them as the baseline once."""
    for first in finished:
        for second in finished:
            if first is not second and first["task"] == second["task"]:
                yield first["key"], second["key"]
