"""Objects of no run, whose parts of the loss are made up."""

import numpy as np
import pandas as pd

from sambench.metrics.anatomy.parts import PARTS


def made(parts, images=24, seed=0):
    """Return objects, two an image, whose parts lie around the given means."""
    rng = np.random.default_rng(seed)
    count = 2 * images
    columns = {part: parts.get(part, 0) * rng.uniform(0.5, 1.5, count) for part in PARTS}
    frame = pd.DataFrame({"dataset": "d", "sample_id": np.repeat(np.arange(images), 2).astype(str), **columns})
    frame["object"] = np.arange(count).astype(str)
    frame["iou"] = 1 - frame[list(PARTS)].sum(axis=1)
    frame["area"] = np.tile([100.0, 5000.0], images)
    for name in ("thinness", "skeleton", "concavity", "contrast"):
        frame[name] = rng.random(count)
    return frame.assign(border=np.arange(count) % 3 == 0, neighbours=np.arange(count) % 4, pieces=1.0)
