import numpy as np
import pytest
from scipy.ndimage import binary_erosion, gaussian_filter

from sambench.masks.overlap import boundary_ious, boundary_width, mask_ious
from sambench.masks.rle import encode_masks, iou
from sambench.masks.windows import difference_runs, empty_runs, runs_of_rles


def runs(*masks):
    return runs_of_rles(encode_masks(np.array(masks)), masks[0].shape)


def rectangle(top, left, bottom, right, size=(20, 30)):
    mask = np.zeros(size, bool)
    mask[top:bottom, left:right] = True
    return mask


def random_masks(rng, size, count=4):
    smooth = [gaussian_filter(rng.normal(size=size), rng.uniform(0.3, 8)) for _ in range(count)]
    return [mask > rng.normal() * mask.std() for mask in smooth]


def test_iou_by_hand():
    own = rectangle(2, 2, 12, 12)
    nothing = np.zeros_like(own)
    masks = [own, rectangle(2, 7, 12, 17), rectangle(2, 12, 12, 22), nothing]
    assert mask_ious(runs(*masks), runs(own, own, own, own)).tolist() == [1, pytest.approx(50 / 150), 0, 0]
    assert mask_ious(runs(nothing), runs(nothing)).tolist() == [0]


def test_boundary_iou_by_hand():
    """In an image of 20 x 30 the boundary is one pixel wide: the frame of each rectangle."""
    assert boundary_width((20, 30)) == 1
    own, shifted = rectangle(2, 2, 12, 12), rectangle(2, 3, 12, 13)
    # Frames of 36 pixels share the columns 3 to 11 of the first and last row.
    assert boundary_ious(runs(own, shifted), runs(own, own)).tolist() == [1, pytest.approx(18 / (72 - 18))]


def test_the_image_border_is_a_boundary():
    full = np.ones((20, 30), bool)
    assert boundary_ious(runs(full), runs(rectangle(1, 1, 19, 29)))[0] == 0  # frames beside each other
    assert boundary_ious(runs(full), runs(rectangle(0, 0, 20, 15)))[0] == pytest.approx((15 + 15 + 18) / (96 + 18))


def test_width_is_the_rounded_share_of_the_diagonal():
    assert boundary_width((480, 640)) == 16
    assert boundary_width((1024, 2048)) == 46
    assert boundary_width((3, 4)) == 1
    assert boundary_width((30, 40), 0.05) == 2  # 2.5 to the even neighbour, as the authors' code rounds


@pytest.mark.parametrize("ratio", [0.02, 0.08])
def test_ious_and_boundaries_are_those_of_whole_arrays(ratio):
    rng = np.random.default_rng(0)
    for _ in range(60):
        size = tuple(rng.integers(1, 150, 2))
        masks, truth = random_masks(rng, size), random_masks(rng, size)
        masks[0], masks[1], truth[2] = truth[0], np.zeros(size, bool), np.zeros(size, bool)
        ious, boundaries = mask_ious(runs(*masks), runs(*truth)), boundary_ious(runs(*masks), runs(*truth), ratio)
        steps = boundary_width(size, ratio)
        for i, (mask, own) in enumerate(zip(masks, truth, strict=True)):
            edges = [one & ~binary_erosion(one, np.ones((3, 3)), steps) for one in (mask, own)]
            assert ious[i] == (mask & own).sum() / max((mask | own).sum(), 1)
            assert boundaries[i] == (edges[0] & edges[1]).sum() / max((edges[0] | edges[1]).sum(), 1)


def test_boundaries_are_the_authors():
    """Erosion by OpenCV on a padded image, as `mask_to_boundary` of boundary-iou-api."""
    cv2 = pytest.importorskip("cv2")
    rng = np.random.default_rng(1)
    for _ in range(40):
        size = tuple(rng.integers(20, 200, 2))
        mask, own = random_masks(rng, size, 2)
        steps = max(1, round(0.02 * np.sqrt(size[0] ** 2 + size[1] ** 2)))
        edges = []
        for one in (mask, own):
            padded = cv2.copyMakeBorder(one.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
            edges.append(one & ~cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=steps)[1:-1, 1:-1].astype(bool))
        expected = (edges[0] & edges[1]).sum() / max((edges[0] | edges[1]).sum(), 1)
        assert boundary_ious(runs(mask), runs(own))[0] == expected


def test_every_pair_and_own_pairs_are_one_overlap():
    rng = np.random.default_rng(3)
    found, own = (np.array(random_masks(rng, (23, 31), 8)) for _ in range(2))
    every = iou(encode_masks(found), encode_masks(own))
    np.testing.assert_array_equal(mask_ious(runs(*found), runs(*own)), every.diagonal())


def test_what_is_taken_from_a_mask_is_that_of_whole_arrays():
    """Compared as codes too: no run is empty but the first."""
    rng = np.random.default_rng(4)
    whole, nothing = np.ones((9, 7), bool), np.zeros((9, 7), bool)
    masks = [one for _ in range(60) for one in random_masks(rng, (9, 7))] + [whole, whole, nothing, nothing, whole]
    others = [one for _ in range(60) for one in random_masks(rng, (9, 7))] + [whole, nothing, whole, nothing, masks[0]]
    found, expected = difference_runs(runs(*masks), runs(*others)), np.array(masks) & ~np.array(others)
    assert found.compressed(np.arange(len(masks))) == encode_masks(expected)
    own = runs(*expected)
    assert (found.lengths == own.lengths).all()
    assert (found.counts == own.counts).all()
    with pytest.raises(ValueError, match="1 masks of"):
        difference_runs(runs(whole), runs(whole, whole))


def test_pairs_must_fit():
    for wrong in (empty_runs(2, (4, 4)), empty_runs(1, (4, 5))):
        with pytest.raises(ValueError, match="masks of"):
            mask_ious(empty_runs(1, (4, 4)), wrong)
        with pytest.raises(ValueError, match="masks of"):
            boundary_ious(empty_runs(1, (4, 4)), wrong)
