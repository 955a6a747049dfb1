"""Images of coloured rectangles, phrases about them, and a model that finds colours."""

import numpy as np
import torch

from sambench.datasets.base import Dataset, DatasetCard
from sambench.masks import rle
from sambench.models.base import ConceptModel
from sambench.prompts.concepts import ConceptAnswer, ConceptPair, ConceptTruth
from sambench.types import Annotation, Embedding, MaskFrame, Sample, without_pixels

SIZE = 40, 60
COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}

CARD = DatasetCard("scenes", "scenes", "made here", "none", "", ("test",), own=True)


def rectangle(x0, y0, x1, y1):
    mask = np.zeros(SIZE, bool)
    mask[y0:y1, x0:x1] = True
    return mask


def drawn(*masks, crowd=False, box=None):
    """Annotations of masks."""
    codes = rle.encode_masks(np.stack(masks)) if masks else []
    return [
        Annotation(number, 1, code, float(mask.sum()), crowd, box)
        for number, (code, mask) in enumerate(zip(codes, masks, strict=True))
    ]


class Scenes(Dataset):
    """Three images of one or two subsets.

    The first has two red rectangles and a green one; the second a blue one; the third nothing. Every image is asked
    about every colour; "blue" of the third is not exhaustive. Of "green" the second of two annotators saw nothing.
    """

    def __init__(self, subsets=("",)):
        self.card, self.split, self.root, self.fingerprint = CARD, "test", "", "0" * 64
        red, green = [rectangle(2, 2, 12, 12), rectangle(20, 2, 30, 12)], [rectangle(2, 20, 12, 30)]
        contents = [{"red": red, "green": green}, {"blue": [rectangle(30, 10, 50, 30)]}, {}]
        self.subsets = {f"im{index}": subsets[index % len(subsets)] for index in range(3)}
        self.keys = list(self.subsets)
        self._images, self._pairs = {}, {}
        for number, (key, content) in enumerate(zip(self.keys, contents, strict=True)):
            image = np.zeros((*SIZE, 3), np.uint8)
            pairs = []
            for place, colour in enumerate(COLOURS):
                for mask in content.get(colour, []):
                    image[mask] = COLOURS[colour]
                masks = drawn(*content.get(colour, []))
                other = [] if colour == "green" else masks
                whole = (key, colour) != ("im2", "blue")
                pairs.append(ConceptPair(10 * number + place, f"a {colour} thing", (masks, other), whole))
            self._images[key], self._pairs[key] = image, ConceptTruth(pairs)
        if len(subsets) > 1:
            self.dataset_of = self.subsets.__getitem__

    def load(self, key):
        return Sample(key, self._images[key], self._pairs[key])

    def load_without_pixels(self, key):
        return without_pixels(key, SIZE, self._pairs[key])

    def pair_places(self):
        places = {}
        for key in self.keys:
            own = {pair.id: (key, SIZE) for pair in self._pairs[key].pairs}
            places.setdefault(self.subsets[key], {}).update(own)
        return places


class ColourFinder(ConceptModel):
    """Finds connected pixels of the colour that a phrase names, with a score of .9, and one mask of score .2.

    Args:
        blind: A colour that it never finds.
    """

    name = "colours"
    fingerprint = "f" * 64

    def __init__(self, blind=None):
        self.blind, self.asked, self.provenance = blind, [], {}

    def encode(self, images):
        return [Embedding({"pixels": torch.from_numpy(image.copy())}, image.shape[:2]) for image in images]

    def concepts(self, embedding, phrases):
        self.asked.append(tuple(phrases))
        return [self._answer(embedding.tensors["pixels"].numpy(), phrase) for phrase in phrases]

    def _answer(self, pixels, phrase):
        from scipy import ndimage

        colour = next(name for name in COLOURS if name in phrase)
        labels, count = ndimage.label((pixels == COLOURS[colour]).all(axis=2))
        count = 0 if colour == self.blind else count
        masks = [labels == number for number in range(1, count + 1)] + [np.ones(pixels.shape[:2], bool)]
        boxes = [[x.min(), y.min(), x.max() + 1, y.max() + 1] for y, x in map(np.nonzero, masks)]
        return ConceptAnswer(
            torch.tensor([0.9] * count + [0.2]),
            torch.from_numpy(np.stack(masks)).float() * 20 - 10,
            torch.tensor(boxes, dtype=torch.float32),
            MaskFrame(pixels.shape[:2]),
            torch.tensor(0.95 if count else 0.05),
        )
