"""The interface every dataset reader follows, and the card that introduces it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from sambench.config.image_rules import ImageRules, Picture
from sambench.errors import UsageError
from sambench.types import Sample


@dataclass(frozen=True)
class DatasetCard:
    """What a reader of tables needs to know of a dataset.

    Attributes:
        name: Registry name, as in `data=NAME`.
        title: Full name.
        home: Home page, where it is downloaded.
        terms: Licence or terms of use.
        layout: The expected files below the root, as downloaded.
        splits: Names accepted by `split=`.
        generated: True where sambench makes the data itself; tables then say that it is no benchmark.
        own: True where the data are a user's own; no published number stands beside theirs.
        note: Anything a table's caption must say.
    """

    name: str
    title: str
    home: str
    terms: str
    layout: str
    splits: tuple[str, ...]
    generated: bool = False
    note: str = ""
    own: bool = False


CardType = TypeVar("CardType", bound=DatasetCard)


def card_with_notes(card: CardType, notes: Sequence[str]) -> CardType:
    """Return a card with notes; masks left out as damaged stand in its title, and no published number beside it."""
    title_notes = [f", {note.partition(':')[0]}" for note in notes if "damaged" in note]
    note = "; ".join(filter(None, (card.note, *notes)))
    return replace(card, title=card.title + "".join(title_notes), note=note, own=card.own or bool(title_notes))


class Dataset(ABC):
    """An ordered collection of samples, read lazily.

    Attributes:
        card: The dataset's card.
        keys: Sample ids in the dataset's order, after `split`, `ids` and `limit`.
        fingerprint: SHA-256 (hex) over name, split, keys and the bytes of every annotation file that is read, so two
            runs over different data never compare as the same. Image bytes are fingerprinted row by row.
        root: The folder that is read, as given by the user or made by sambench.
        split: The chosen split.
        images_there: Whether the images lie where they were looked for; without them predictions can be scored where
            the ground truth stands by itself (`load_without_pixels`).
        classless: Whether the ground truth tells no categories, so that all objects are one.
        image_rules: How image files are read.
    """

    card: DatasetCard
    keys: list[str]
    fingerprint: str
    root: str
    split: str
    images_there: bool = True
    classless: bool = False
    image_rules: ImageRules = ImageRules()

    def use_images(self, rules: ImageRules) -> None:
        """Read image files by these rules from now on."""
        self.image_rules = rules

    def picture(self, key: str) -> Picture | None:
        """Return a sample's image file with what its ground truth says of it, or None where there is no such file."""
        return None

    def truth_digests(self) -> dict[str, str]:
        """Return for each of `keys` what tells its ground truth from another (`sambench.datasets.reading`), if known.

        The fingerprint is of all keys together; these let two runs compare the images that both have.
        """
        return {}

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[Sample]:
        return (self.load(key) for key in self.keys)

    @property
    def all_keys(self) -> list[str]:
        """Sample ids of the whole split, before `ids` and `limit`."""
        return self.keys

    @abstractmethod
    def load(self, key: str) -> Sample:
        """Read one sample.

        Raises:
            DatasetError: A file is missing or damaged; names the file, the expected layout, home page and terms.
        """

    def load_without_pixels(self, key: str) -> Sample:
        """Read one sample's ground truth and its size, for scoring predictions where the images are not there.

        Raises:
            DatasetError: As `load`; also where the ground truth comes from the images.
        """
        return self.load(key)


def check_classes(dataset: Dataset) -> None:
    """Refuse data whose objects are of no class, for a task that averages over classes.

    Raises:
        UsageError: The annotation file tells no categories.
    """
    if dataset.classless:
        raise UsageError(
            "the annotation file tells no categories, and AP is a mean over categories",
            where=f"data={dataset.card.name}",
            mend="add its `categories` and each annotation's category_id (one for all, if all are alike), or choose"
            " task=proposals or task=points",
        )
