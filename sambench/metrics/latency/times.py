"""Times as figures: percentiles over images and repeats, and the law by which K masks of one image cost less each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

PERCENTILES = (50, 90, 99)


def weighted_percentiles(seconds: Sequence[np.ndarray], weights: np.ndarray, percent: float) -> np.ndarray:
    """Return a percentile of all repeats of resampled images, each image's repeats together counting once.

    Args:
        seconds: The repeats of each of N images, (R_i,) float64; R_i of 0 leaves an image out.
        weights: (B, N) how often each resample holds each image.
        percent: From 0 to 100; the smallest time that at least this share of the weight does not exceed.

    Returns:
        (B,) float64; NaN where a resample holds no repeat.

    Example:
        >>> weighted_percentiles([np.array([1.0, 3.0]), np.array([2.0])], np.array([[1, 1], [0, 2]]), 50)
        array([2., 2.])
    """
    image = np.repeat(np.arange(len(seconds)), [len(own) for own in seconds])
    flat = np.concatenate([np.asarray(own, np.float64) for own in seconds]) if len(image) else np.empty(0)
    if not len(flat):
        return np.full(len(weights), np.nan)
    order = np.argsort(flat, kind="stable")
    share = 1 / np.bincount(image, minlength=len(seconds))[image[order]]
    percentiles = np.empty(len(weights))
    for start in range(0, len(weights), 64):
        reached = np.cumsum(weights[start : start + 64][:, image[order]] * share, axis=1)
        wanted = reached[:, -1:] * (percent / 100 - 1e-12)
        index = (reached >= wanted).argmax(axis=1)
        percentiles[start : start + 64] = np.where(reached[:, -1] > 0, flat[order][index], np.nan)
    return percentiles


def amortisation(prompts: Sequence[int], decode_seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit decode(K) = a + b K, each K counting by its relative error, so that small K are met as well as large ones.

    Args:
        prompts: K of each of P points, two different ones at least.
        decode_seconds: (B, P) float64, seconds that K prompts of one embedding take.

    Returns:
        (B,) seconds a call, and (B,) seconds a prompt.

    Example:
        >>> call, prompt = amortisation([1, 4, 16], np.array([[0.05, 0.08, 0.20]]))
        >>> round(call[0], 3), round(prompt[0], 3)
        (np.float64(0.04), np.float64(0.01))
    """
    design = np.stack([np.ones(len(prompts)), np.asarray(prompts, np.float64)], axis=1)
    scaled = design / decode_seconds[:, :, None]
    fitted = np.linalg.pinv(scaled) @ np.ones((len(prompts), 1))
    return fitted[:, 0, 0], fitted[:, 1, 0]


def savings(encode_seconds: np.ndarray, decode_seconds: Mapping[int, np.ndarray]) -> dict[int, np.ndarray]:
    """Return how much less K masks of one embedding cost than K images with one mask each.

    Args:
        encode_seconds: (B,) seconds an image.
        decode_seconds: K -> (B,) seconds of K prompts; 1 is among them.

    Returns:
        K -> (B,) K (encode + decode(1)) / (encode + decode(K)), for each K above 1.
    """
    alone = encode_seconds + decode_seconds[1]
    return {k: k * alone / (encode_seconds + own) for k, own in decode_seconds.items() if k > 1}
