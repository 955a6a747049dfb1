"""What an exported encoder reads of an image, by the form of its input, and how its outputs are named."""

import numpy as np
import pytest
import torch
from PIL import Image

from sambench.errors import ModelError
from sambench.models.sam.preprocess import LongestSide, Square

pytest.importorskip("onnxruntime")

from tiny_graphs import Port, encoder

from sambench.models.onnx.encoders import OnnxEncoder
from sambench.models.onnx.geometry import Stretched
from sambench.models.onnx.sessions import open_session

EMBEDDING = Port("image_embeddings", (1, 3, 4, 4))
SAM2 = [Port("a", (1, 2, 16, 16)), Port("b", (1, 3, 4, 4)), Port("c", (1, 2, 8, 8))]


def image():
    return np.random.default_rng(0).integers(0, 256, (50, 100, 3), dtype=np.uint8)


def opened(tmp_path, pixels, contract, side, outputs=(EMBEDDING,)):
    path = encoder(tmp_path / "e.onnx", pixels, list(outputs))
    return OnnxEncoder(open_session(path, "model.encoder", "cpu"), contract, side)


def first_and_mean(features, name="image_embedding"):
    flat = features[name].flatten()
    return float(flat[0]), float(flat[1])


def holds(features, pixels, name="image_embedding", added=0.0):
    first, mean = first_and_mean(features, name)
    pixels = torch.as_tensor(np.ascontiguousarray(pixels)).float()
    assert first == pytest.approx(float(pixels.flatten()[0]), abs=1e-4)
    assert mean == pytest.approx(float(pixels.mean()) + added, abs=1e-3)


def test_sam_reads_normalised_and_padded_pixels(tmp_path):
    made = opened(tmp_path, Port("x", (1, 3, 64, 64)), "meta", 64)(image())
    holds(made, LongestSide(64).pixels(image()))


def test_a_graph_that_normalises_by_itself_reads_resized_pixels(tmp_path):
    one = opened(tmp_path, Port("input_image", ("h", "w", 3)), "meta", 64)
    resized = np.asarray(Image.fromarray(image()).resize((64, 32), Image.Resampling.BILINEAR), np.float32)
    holds(one(image()), resized)
    assert one.preprocessing == "resized only, 64"


def test_sam2_reads_a_stretched_square_and_gives_its_features_in_any_order(tmp_path):
    made = opened(tmp_path, Port("image", (1, 3, 64, 64)), "sam2", 64, SAM2)(image())
    holds(made, Square(64).pixels(image()), "high_res_0")
    holds(made, Square(64).pixels(image()), "image_embedding", 1.0)
    holds(made, Square(64).pixels(image()), "high_res_1", 2.0)


def test_sam3s_tracker_is_known_by_its_side(tmp_path):
    one = opened(tmp_path, Port("pixel_values", (1, 3, 1008, 1008)), "hf2", 1008, SAM2)
    assert one.geometry == Square(1008, (0.5,) * 3, (0.5,) * 3)


def test_sam_med2d_stretches_by_the_nearest_pixel(tmp_path):
    one = opened(tmp_path, Port("input_image", (1, 3, 256, 256)), "med2d", 256)
    pixels = Stretched(256).pixels(image())
    holds(one(image()), pixels)
    assert torch.equal(pixels[:, 0, 0], pixels[:, 1, 1])
    raw = opened(tmp_path, Port("input_image", ("h", "w", 3)), "med2d", 256)
    holds(raw(image()), image().astype(np.float32))


def test_the_files_and_what_happens_before_them_are_the_identity(tmp_path):
    one = opened(tmp_path, Port("x", (1, 3, 64, 64)), "meta", 64)
    again = opened(tmp_path, Port("x", (1, 3, 64, 64)), "meta", 64)
    other = opened(tmp_path, Port("x", (1, 3, 64, 64)), "sam2", 64)
    assert one.identity == again.identity != other.identity


def test_what_reads_no_image_is_refused(tmp_path):
    with pytest.raises(ModelError, match="takes no image alone"):
        opened(tmp_path, Port("x", (1, 7)), "meta", 64)
    with pytest.raises(ModelError, match="no map of features"):
        opened(tmp_path, Port("x", (1, 3, 64, 64)), "meta", 64, [Port("logits", (1, 10))])(image())
