"""Masks with one planted error each, on the objects of the embedded data."""

import numpy as np
from scipy.ndimage import binary_dilation, binary_erosion, distance_transform_edt

from sambench.datasets.mini.reader import Mini
from sambench.masks.rle import decode_masks


def mini_objects(kind="coco", limit=None):
    """Yield (sample, annotation, (H, W) bool mask) of the embedded data."""
    data = Mini(kind=kind)
    for key in data.keys[:limit]:
        sample = data.load(key)
        found = [one for one in sample.target.annotations if not one.iscrowd]
        for one, mask in zip(found, decode_masks([one.rle for one in found], sample.size), strict=True):
            yield sample, one, mask


def moved(mask, across, down):
    """Move a mask; what leaves the image is lost."""
    found = np.zeros_like(mask)
    height, width = mask.shape
    found[max(down, 0) : height + min(down, 0), max(across, 0) : width + min(across, 0)] = mask[
        max(-down, 0) : height + min(-down, 0), max(-across, 0) : width + min(-across, 0)
    ]
    return found


def part_of(mask):
    """Return the third of a mask's pixels at one end of its longer side."""
    places = np.argwhere(mask)
    axis = int(np.ptp(places, axis=0).argmax())
    kept = places[np.argsort(places[:, axis], kind="stable")[: len(places) // 3]]
    found = np.zeros_like(mask)
    found[tuple(kept.T)] = True
    return found


def spare_blob(mask):
    """Return a mask with a disc of radius 8 beside it, where the image has most room."""
    room = distance_transform_edt(np.pad(~mask, 1))[1:-1, 1:-1]
    y, x = np.unravel_index(room.argmax(), mask.shape)
    rows, columns = np.indices(mask.shape)
    disc = (rows - y) ** 2 + (columns - x) ** 2 <= min(8, room.max() - 3) ** 2
    return mask | disc


PLANTED = {
    "eroded": (lambda mask: binary_erosion(mask, border_value=1), {"shortfall"}),
    "dilated": (lambda mask: binary_dilation(mask, iterations=2), {"spill"}),
    "part": (part_of, {"level_chosen"}),
    "spare blob": (spare_blob, {"extra"}),
    "shifted": (lambda mask: moved(mask, 2, 1), {"shift"}),
    "wrong candidate": (lambda mask: binary_dilation(mask, iterations=5), {"ranking"}),
}
"""Error -> what plants it in a mask, and the kinds that it has to come out as."""

CHOSEN = ("part", "wrong candidate")
"""Errors of the choice: the right mask is a candidate too."""
