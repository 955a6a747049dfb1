"""What a mask costs where many are asked of one image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sambench.drawing.figures.parts import add_legend, drawing, plain_ticks, save_figure
from sambench.metrics.latency.times import amortisation
from sambench.runs.run import Run


def cost_curves(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Draw the time of a mask, encoding included, against the number of masks of one image.

    Points are medians; the line is encoding and the fitted law of decoding, a + b K, over K.

    Args:
        runs: Finished runs of the latency task.
        folder: Where `cost_curves.png` and `.svg` are written.

    Returns:
        The two files.
    """
    from matplotlib.figure import Figure

    with drawing():
        figure = Figure(figsize=(6.5, 4 + 0.2 * len(runs)), layout="constrained")
        axes = figure.subplots()
        for run in runs:
            encode, prompts, decode = medians(run)
            (points,) = axes.plot(prompts, (encode + decode) / prompts, "o", markersize=5)
            if len(prompts) > 1:
                call, prompt = (float(own[0]) for own in amortisation(prompts.tolist(), decode[None]))
                at = np.geomspace(1, prompts[-1], 100)
                label = f"{run.label}: {encode + call:.0f} ms an image, {prompt:.3g} ms a mask"
                axes.plot(at, (encode + call + prompt * at) / at, color=points.get_color(), label=label)
        axes.set(
            xscale="log", yscale="log", xlabel="masks asked of one image, K", ylabel="ms a mask, encoding included"
        )
        plain_ticks(axes.xaxis, axes.yaxis)
        axes.grid(color="0.9", which="both")
        if runs:
            add_legend(axes, loc="upper left", bbox_to_anchor=(0, -0.13), fontsize=8)  # below: curves may lie anywhere
        return [save_figure(figure, folder / f"cost_curves.{ending}") for ending in ("png", "svg")]


def medians(run: Run) -> tuple[float, np.ndarray, np.ndarray]:
    """Return a run's median ms of encoding, and (P,) numbers of prompts with (P,) median ms of decoding them."""
    decode_ms = {
        int(name.removeprefix("decode@").removesuffix("_p50")): metric.value
        for name, metric in run.metrics.items()
        if name.startswith("decode@") and name.endswith("_p50")
    }
    prompts = np.array(sorted(decode_ms))
    return run.metrics["encode_p50"].value, prompts, np.array([decode_ms[k] for k in prompts.tolist()])
