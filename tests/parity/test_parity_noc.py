"""NoC by RITM's own evaluation: the same clicks, overlaps, NoC and NoF, of a scripted model and of random weights."""

import cv2
import numpy as np
import pytest
import reference_models as reference
import torch
from scipy.ndimage import binary_dilation, distance_transform_edt, gaussian_filter

pytest.importorskip("ritm_annotation")

from ritm_annotation.inference import evaluation, utils
from ritm_annotation.inference.predictors import get_predictor
from ritm_annotation.model.is_hrnet_model import HRNetModel
from sambench.tasks.points import PointsTask

from sambench.engine.predictor import Predictor
from sambench.engine.stages import Stages
from sambench.masks.rle import encode_masks
from sambench.models.clicks.load import ritm
from sambench.models.clicks.model import ClickModel
from sambench.types import Annotation, InstanceTruth, Sample

THRESHOLDS = (0.8, 0.85, 0.9, 0.95)
SETTINGS = {
    "clicks": tuple(range(1, 21)),
    "first_output": "single",
    "forbid_reclick": True,
    "mask_threshold": -0.0400053346,
    "boundary_ratio": None,
    "noc_at": THRESHOLDS,
}


class Scripted:
    """A predictor that finds the object near its clicks and elsewhere with an error that shrinks click by click.

    The object is the image's red channel; the error is noise of the image's own.
    """

    def set_input_image(self, image):
        self.truth = image[..., 0] > 0
        noise = gaussian_filter(np.random.default_rng(int(image.sum())).normal(size=self.truth.shape), 3)
        self.noise = np.abs(noise) / noise.std()

    def get_prediction(self, clicker):
        clicks = clicker.get_clicks()
        error = self.noise > 0.2 + 0.35 * np.sqrt(len(clicks))
        for click in clicks:
            y, x = click.coords
            error[max(0, y - 4) : y + 5, max(0, x - 4) : x + 5] = False
        return np.where(self.truth ^ error, 0.495, 0.2)  # between the threshold .49 and .5

    def get_states(self):
        return {}

    def set_states(self, states):
        pass


def scene(number):
    """An object of random form, in every second scene with ignored pixels around it; (H, W) int, -1 ignored."""
    rng = np.random.default_rng(number)
    size = int(rng.integers(30, 70)), int(rng.integers(30, 70))
    field = gaussian_filter(rng.normal(size=size), rng.uniform(2, 8))
    truth = (field > np.quantile(field, rng.uniform(0.5, 0.95))).astype(np.int32)
    if number % 2:
        truth[binary_dilation(truth == 1, iterations=2) & (truth == 0)] = -1
    return truth


def sample_of(truth, image, name):
    codes = encode_masks(np.stack([truth == 1, truth == -1]))
    own = Annotation(1, 1, codes[0], float((truth == 1).sum()), ignore=codes[1] if (truth == -1).any() else None)
    return Sample(name, image, InstanceTruth([own], name))


def measured(samples, model, target):
    """Our clicks, overlaps and figures."""
    task = PointsTask(**SETTINGS, target_iou=target)
    clicks, ious, rows = [], [], []
    for sample in samples:
        prediction = task.predict(sample, Predictor(model, None, Stages()))
        found = task.score(sample, prediction)
        xy, labels = prediction.clicked.points_xy[0], prediction.clicked.labels[0]
        made = int((labels >= 0).sum())
        clicks.append([(int(x), int(y), bool(good)) for (x, y), good in zip(xy[:made], labels[:made], strict=True)])
        ious.append(np.array([row["iou"] for row in found[:made]], np.float32))
        rows += found
    return clicks, ious, task.summarize(rows)


def theirs(truths, images, predictor, target):
    """RITM's clicks, overlaps, NoC and NoF; a target of 1.01 is never reached."""
    clicks, ious = [], []
    for truth, image in zip(truths, images, strict=True):
        made, found, _ = evaluation.evaluate_sample(image, truth, predictor, target or 1.01)
        clicks.append([(int(one.coords[1]), int(one.coords[0]), bool(one.is_positive)) for one in made])
        ious.append(found)
    return clicks, ious, *utils.compute_noc_metric(ious, THRESHOLDS)


def compare(ours, reference_figures):
    clicks, ious, metrics = ours
    their_clicks, their_ious, noc, over = reference_figures
    assert clicks == their_clicks
    for own, other in zip(ious, their_ious, strict=True):
        np.testing.assert_array_equal(own, other)
    for place, threshold in enumerate(("80", "85", "90", "95")):
        assert metrics[f"NoC@{threshold}"].value == pytest.approx(noc[place], abs=1e-12)
        assert metrics[f"NoF@{threshold}"].value == over[place]


@pytest.fixture(autouse=True)
def old_numpy(monkeypatch):
    """`compute_noc_metric` asks for np.int, which numpy no longer has."""
    monkeypatch.setattr(np, "int", int, raising=False)


@pytest.fixture
def exact_distances(monkeypatch):
    """Squared distances as whole numbers in place of OpenCV's float32 roots, which tell equals apart."""

    def squared(mask, *_):
        return np.rint(distance_transform_edt(mask) ** 2)  # of padded maps, which have a pixel outside

    monkeypatch.setattr(cv2, "distanceTransform", squared)


TRUTHS = [scene(number) for number in range(300)]
IMAGES = [np.repeat((truth == 1)[..., None], 3, 2).astype(np.uint8) * (n % 200 + 55) for n, truth in enumerate(TRUTHS)]
SAMPLES = [sample_of(truth, image, str(n)) for n, (truth, image) in enumerate(zip(TRUTHS, IMAGES, strict=True))]


@pytest.mark.usefixtures("exact_distances")
@pytest.mark.parametrize("target", [0.95, None])
def test_300_masks_of_a_scripted_model(target):
    ours = measured(SAMPLES, ClickModel(Scripted(), "scripted"), target)
    found = theirs(TRUTHS, IMAGES, Scripted(), target)
    compare(ours, found)
    lengths = {len(one) for one in found[1]}
    assert (lengths == {20}) == (target is None)
    assert 2 < found[2][2] < 18  # neither too easy nor too hard
    assert ours[2]["unreached@95"].value <= found[3][3]


def test_opencvs_rounding_moves_few_clicks_and_no_figure_by_much():
    clicks, _, metrics = measured(SAMPLES[:100], ClickModel(Scripted(), "scripted"), 0.95)
    their_clicks, _, noc, _ = theirs(TRUTHS[:100], IMAGES[:100], Scripted(), 0.95)
    same = [own == other for own, other in zip(clicks, their_clicks, strict=True)]
    first = [own[0] == other[0] for own, other in zip(clicks, their_clicks, strict=True)]
    assert np.mean(first) > 0.98
    assert np.mean(same) > 0.8
    assert metrics["NoC@90"].value == pytest.approx(noc[2], abs=0.1)


@pytest.mark.usefixtures("exact_distances")
def test_random_weights(tmp_path):
    torch.manual_seed(0)
    small = {"width": 18, "ocr_width": 48, "small": True, "with_aux_output": True, "use_leaky_relu": True}
    net = HRNetModel(**small, use_rgb_conv=False, use_disks=True, norm_radius=5, with_prev_mask=True)
    net.eval()
    torch.save({"config": net._config, "state_dict": net.state_dict()}, tmp_path / "h18s.pth")
    model = ritm(str(tmp_path / "h18s.pth"), device="cpu", zoom_size=96, package="ritm_annotation")
    own = get_predictor(
        net, "NoBRS", torch.device("cpu"), with_flip=True, zoom_in_params={"target_size": 96, "skip_clicks": 1}
    )
    truths = [scene(number) for number in range(2)]
    images = [reference.image(*truth.shape, seed) for seed, truth in enumerate(truths)]
    samples = [sample_of(truth, image, str(n)) for n, (truth, image) in enumerate(zip(truths, images, strict=True))]
    compare(measured(samples, model, None), theirs(truths, images, own, None))
