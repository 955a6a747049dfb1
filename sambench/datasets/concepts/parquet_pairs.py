"""SA-Co/Gold as others hand it on in Parquet: a row a pair, with its image and three annotators' masks inside."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from sambench.datasets.base import DatasetCard
from sambench.datasets.concepts.pairs import ConceptDataset, PairCount, PairPlaces
from sambench.datasets.formats.coco_fields import identity
from sambench.datasets.images.headers import check_pixels, unlimited
from sambench.datasets.reading import data_error, fingerprint, select, truth_digests
from sambench.errors import DatasetError, listing
from sambench.masks import rle
from sambench.prompts.concepts import ConceptPair, ConceptTruth
from sambench.types import Annotation, Sample, Size, without_pixels

MASKS = ("human_1_masks", "human_2_masks", "human_3_masks")
_TRUTH = ("expression", *MASKS)
_NEEDED = ("id", "image", *_TRUTH)
_NOTE = "handed on in Parquet, without flags of which pairs are exhaustive, so that all count; a sample is a pair"


class _Position(NamedTuple):
    file: Path
    group: int
    row: int
    pair_id: int | str


def parquet_files(folder: Path) -> list[Path]:
    """Return the Parquet files of such data in a folder or its `data/`, by name."""
    files = [file for parent in (folder, folder / "data") for file in sorted(parent.glob("*.parquet"))]
    return [file for file in files if MASKS[0] in _names(file)]


class ParquetPairs(ConceptDataset):
    """Pairs in Parquet files with columns id, image, expression and human_1_masks to human_3_masks.

    Each pair is a sample of its own, whose id is the pair's; nothing tells which of them share an image. An image's
    embedding is found in the cache by its pixels all the same.

    Args:
        files: The files, at least one.
        root, limit, ids: As `PairDataset`.
        card: Of the data set they are from; it becomes one without published numbers.

    Raises:
        DatasetError: A file lacks a column or cannot be read, or an id is there twice.
    """

    def __init__(
        self,
        files: Sequence[Path],
        *,
        root: str | Path,
        card: DatasetCard,
        limit: int | None = None,
        ids: Iterable[str | int] | None = None,
    ) -> None:
        self.root, self.split, self._files = str(root), "all", list(files)
        self.card = replace(card, name=f"{card.name}_parquet", own=True, note=_NOTE)
        for file in files:
            if missing := [name for name in _NEEDED if name not in _names(file)]:
                raise data_error(card, f"the Parquet file has no column {listing(missing)}", file)
        self._positions: dict[str, _Position] = {}
        for position in self._read_positions():
            if str(position.pair_id) in self._positions:
                raise data_error(card, f"id {position.pair_id} is there twice", position.file)
            self._positions[str(position.pair_id)] = position
        self.keys = select(list(self._positions), ids=ids, limit=limit, where=root)
        if len(self.keys) < len(self._positions):
            self.card = replace(self.card, note=f"{_NOTE}; {len(self.keys)} of its {len(self._positions)} pairs")
        self.fingerprint = fingerprint(self.card.name, self.split, self.keys, self._files)
        self._held: dict[tuple[str, ...], tuple[tuple[Path, int], pa.Table]] = {}

    @property
    def all_keys(self) -> list[str]:
        """All pairs' ids, before `ids` and `limit`."""
        return list(self._positions)

    def truth_digests(self) -> dict[str, str]:
        """Return for each sample the hash of all files."""
        return truth_digests(self.card.name, self.split, dict.fromkeys(self.keys, ()), self._files)

    def load(self, key: str) -> Sample:
        """Read one pair with its image.

        Raises:
            DatasetError: The image cannot be decoded, or masks are damaged or of another size.
        """
        position, row = self._positions[key], self._row(key, _NEEDED)
        try:
            with unlimited(), Image.open(io.BytesIO(row["image"]["bytes"])) as image:
                check_pixels((image.height, image.width), image.mode, position.file, self.image_rules)
                pixels = np.asarray(image.convert("RGB"))
        except (OSError, ValueError, TypeError, KeyError, SyntaxError) as error:
            what = f"image of pair {key} cannot be decoded, it may be truncated: {error}"
            raise data_error(self.card, what, position.file) from error
        return Sample(key, pixels, self._truth(key, row, (pixels.shape[0], pixels.shape[1])))

    def load_without_pixels(self, key: str) -> Sample:
        """Read one pair; of its image the header alone is decoded."""
        size = self.size(key)
        return without_pixels(key, size, self._truth(key, self._row(key, _TRUTH), size))

    def load_truth(self, key: str) -> ConceptTruth:
        """Draw one pair."""
        return self._truth(key, self._row(key, _TRUTH), self.size(key))

    def size(self, key: str) -> Size:
        """Return the (height, width) of a pair's image, of its masks or else of its image's header."""
        row = self._row(key, _TRUTH)
        for name in MASKS:
            for mask in row[name] or ():
                return int(mask["size"][0]), int(mask["size"][1])
        content = self._row(key, ("image",))["image"]["bytes"]
        with unlimited(), Image.open(io.BytesIO(content)) as image:
            return image.height, image.width

    def pair_places(self) -> Mapping[str, PairPlaces]:
        """Return under "" pair id -> its sample and (height, width); images' headers are read for it."""
        return {"": {position.pair_id: (key, self.size(key)) for key, position in self._positions.items()}}

    def pair_counts(self, key: str) -> Iterator[PairCount]:
        """Count a pair's masks."""
        row = self._row(key, _TRUTH)
        yield PairCount(tuple(len(row[name] or ()) for name in MASKS), True)

    def _truth(self, key: str, row: Mapping[str, Any], size: Size) -> ConceptTruth:
        position = self._positions[key]
        drawn = []
        for name in MASKS:
            try:
                codes = [rle.from_segmentation(mask, size) for mask in row[name] or ()]
            except ValueError as error:
                raise data_error(self.card, f"a mask of pair {key} cannot be drawn: {error}", position.file) from error
            areas = rle.areas(codes)
            drawn.append([Annotation(f"{key}/{at}", 1, one, float(areas[at])) for at, one in enumerate(codes)])
        phrase = row["expression"]
        if not isinstance(phrase, str) or not phrase.strip():
            raise data_error(self.card, f"pair {key} has no expression", position.file)
        return ConceptTruth([ConceptPair(position.pair_id, phrase, tuple(drawn))])

    def _row(self, key: str, columns: tuple[str, ...]) -> dict[str, Any]:
        """Return one row; its group of rows is kept for those that follow."""
        position = self._positions[key]
        wanted = position.file, position.group
        if columns not in self._held or self._held[columns][0] != wanted:
            self._held[columns] = wanted, _read(position.file, position.group, columns)
        record: dict[str, Any] = self._held[columns][1].slice(position.row, 1).to_pylist()[0]
        return record

    def _read_positions(self) -> Iterator[_Position]:
        for file in self._files:
            for group in range(_groups(file)):
                numbers = _read(file, group, ["id"]).column("id").to_pylist()
                for row, number in enumerate(numbers):
                    if (pair_id := identity(number)) is None:
                        raise data_error(self.card, f"id {number!r} is no text and no whole number", file)
                    yield _Position(file, group, row, pair_id)


def _names(file: Path) -> list[str]:
    with _errors_of(file):
        return list(pq.read_schema(file).names)


def _groups(file: Path) -> int:
    with _errors_of(file):
        return int(pq.ParquetFile(file).num_row_groups)


def _read(file: Path, group: int, columns: Iterable[str]) -> pa.Table:
    with _errors_of(file):
        return pq.ParquetFile(file).read_row_group(group, columns=list(columns))


@contextmanager
def _errors_of(file: Path) -> Iterator[None]:
    """Tell whatever is wrong with a file in one sentence."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        what = f"the Parquet file cannot be read, it may be truncated: {error}"
        raise DatasetError(what, where=file, mend="download it again") from error
