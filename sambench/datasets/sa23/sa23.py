"""The 23 datasets of the single-point evaluation as one, as far as they are there."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from sambench.config.image_rules import ImageRules, Picture
from sambench.config.resolve import build
from sambench.datasets.base import Dataset
from sambench.datasets.cards import MaskCard
from sambench.datasets.layout import DatasetAbsentError
from sambench.datasets.masks import Ids, MaskDataset, SubsetRule
from sambench.datasets.reading import check_choice, select
from sambench.datasets.sa23.catalog import CATALOG
from sambench.errors import DatasetError, UsageError, listing
from sambench.types import InstanceTruth, Sample

CARD = MaskCard(
    name="sa23",
    title="the 23 datasets of Segment Anything's single-point evaluation",
    home="https://arxiv.org/abs/2304.02643 (Table 7)",
    terms="each dataset's own",
    layout="each dataset below the root in the folder it is downloaded as, or in one of its name: `sambench data list`",
    splits=("sa23",),
    paper="Kirillov et al., Segment Anything, ICCV 2023",
    domain="23 domains",
    mask="each dataset's own",
    expected_images=sum(row.images for row in CATALOG.values()),
    expected_masks=sum(row.masks for row in CATALOG.values()),
)

_log = logging.getLogger(__name__)


class Sa23(Dataset):
    """sa23: all of the paper's 23 datasets that are there; sample ids are "DATASET/ID".

    Args:
        root: The folder that holds the datasets, each in the folder it is downloaded as or in one of its name.
        only: Datasets to read; those of them that are not there are an error. None takes all that are there.
        switches: Other switches of single datasets, as {"zerowaste": {"masks": "instance"}}.
        limit: Keep the first so many images of each dataset.
        ids: Images to keep, as "gtea/NAME".
        subset: As `Choice`, for each dataset.
        subset_seed: Another seed takes another subset of each.

    Attributes:
        datasets: The readers of those that are there, by name, in the paper's order.
        missing: Names of those that are not.

    Raises:
        DatasetError: None of the 23 is there, or one of `only` is not.
        UsageError: A name or switch is unknown, or no root is given.
    """

    def __init__(
        self,
        root: str | Path | None = None,
        only: tuple[str, ...] | None = None,
        switches: dict[str, Any] | None = None,
        limit: int | None = None,
        ids: Ids | None = None,
        subset: SubsetRule = "paper",
        subset_seed: int = 0,
    ) -> None:
        if root is None:
            mend = "give data.root=FOLDER, or set SAMBENCH_DATA to the folder that holds the datasets"
            raise UsageError("sa23 needs the folder of the datasets", where="data.root", mend=mend)
        for name in [*(only or ()), *(switches or {})]:
            check_choice(CARD, "dataset", name, tuple(CATALOG))
        self.root, self.split, self._limit = str(root), "sa23", limit
        self._ids = None if ids is None else [str(name) for name in ids]
        self.datasets: dict[str, MaskDataset] = {}
        self.missing: list[str] = []
        chosen = {"root": str(root), "subset": subset, "subset_seed": subset_seed}
        for name in only or CATALOG:
            self._open(name, {**chosen, **(switches or {}).get(name, {})}, wanted=only is not None)
        if not self.datasets:
            mend = "`sambench data list` tells home pages, `sambench data check NAME` the layout"
            raise DatasetError("none of the 23 datasets is here", where=root, mend=mend)
        if self.missing:
            _log.warning("sa23: %d of 23 datasets are missing: %s", len(self.missing), listing(self.missing, 23))

    @property
    def complete(self) -> bool:
        """True where all 23 are there; only then is a mean over them the paper's."""
        return len(self.datasets) == len(CATALOG)

    @cached_property
    def keys(self) -> list[str]:  # type: ignore[override]
        """Sample ids of all datasets, in the paper's order."""
        own = {name: [f"{name}/{key}" for key in data.keys] for name, data in self.datasets.items()}
        if self._ids is not None:
            return select([key for keys in own.values() for key in keys], ids=self._ids, limit=self._limit)
        return [key for keys in own.values() for key in select(keys, limit=self._limit)]

    @cached_property
    def card(self) -> MaskCard:  # type: ignore[override]
        """The card, with what is there and what is missing in its note."""
        lists = [f"{name} {len(data.keys)} images {_hash(data.keys)}" for name, data in self.datasets.items()]
        note = f"{len(self.datasets)} of 23 datasets, with the SHA-256 of each list: {', '.join(lists)}"
        return replace(CARD, note=note + (f"; missing: {', '.join(self.missing)}" if self.missing else ""))

    @cached_property
    def fingerprint(self) -> str:  # type: ignore[override]
        """SHA-256 over the datasets' fingerprints and all keys."""
        parts = [(name, data.fingerprint) for name, data in self.datasets.items()]
        return hashlib.sha256(repr((parts, self.keys)).encode()).hexdigest()

    def truth_digests(self) -> dict[str, str]:
        """Return for each sample the hash of the annotation files it is read from."""
        digests = {name: data.truth_digests() for name, data in self.datasets.items()}
        own = {f"{name}/{key}": one for name, by_key in digests.items() for key, one in by_key.items()}
        return {key: own[key] for key in self.keys}

    def use_images(self, rules: ImageRules) -> None:
        """Read the image files of all datasets by these rules from now on."""
        self.image_rules = rules
        for data in self.datasets.values():
            data.use_images(rules)

    def picture(self, key: str) -> Picture:
        """Return an image file with what its ground truth says of it."""
        data, inner = self._of(key)
        return data.picture(inner)

    def load(self, key: str) -> Sample:
        """Read one image and its masks."""
        data, inner = self._of(key)
        return replace(data.load(inner), id=key)

    def load_truth(self, key: str) -> InstanceTruth:
        """Read one image's masks without decoding the image."""
        data, inner = self._of(key)
        return data.load_truth(inner)

    @staticmethod
    def dataset_of(key: str) -> str:
        """Return the name of the dataset that a sample id belongs to."""
        return key.partition("/")[0]

    def _of(self, key: str) -> tuple[MaskDataset, str]:
        name, _, inner = key.partition("/")
        return self.datasets[name], inner

    def _open(self, name: str, settings: Mapping[str, Any], wanted: bool) -> None:
        try:
            self.datasets[name] = build("datasets", f"data.switches.{name}", {**settings, "name": name})
        except DatasetAbsentError:
            if wanted:
                raise
            self.missing.append(name)


def _hash(keys: list[str]) -> str:
    """Return the first 16 digits of a list's SHA-256, as `Subset.list_sha256`."""
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]
