"""Made-up rows of every task, with ties, empty images and images without objects, for tests of statistics."""

import numpy as np

from sambench.metrics.boundary.scores import columns_of_counts
from sambench.metrics.coco.average_recall import ProposalMatches
from sambench.metrics.coco.matches import NEVER_COUNTED, match_record
from sambench.metrics.coco.rows import columns_of_instances, columns_of_proposals
from sambench.metrics.regions.counts import RegionCounts
from sambench.metrics.regions.rows import columns_of_regions

CLICKS = (1, 2, 3, 5, 9)
FREQUENCIES = {category: "rcf"[category % 3] for category in range(100)}


def identity(image):
    return {"sample_id": f"val/{image * 7 % 100003:012d}", "image_sha256": f"{image:064x}"}


def edge_rows(n, seed=0, thresholds=99):
    rng = np.random.default_rng(seed)
    at = np.linspace(0, 1, thresholds)
    rows = []
    for image in range(n):
        true, skill = int(rng.integers(500, 9000)), rng.uniform(0.3, 0.9)
        found = true * np.clip(skill * (1.3 - at), 0, 1)
        predicted = found / np.clip(0.4 + 0.6 * at * skill, 0, 1)
        counts = np.stack([found, np.full(thresholds, true), found * 0.9, predicted], 1).astype(np.int64)
        rows.append({**identity(image), "annotators": 5, "levels": "thresholds", **columns_of_counts(counts)})
    return rows


def point_rows(n, seed=0, datasets=("coco",), objects=4, skill=2.0):
    """Give rows of n images, up to `objects` masks each; mask by mask, its click counts together."""
    rng = np.random.default_rng(seed)
    rows = []
    for image in range(n):
        dataset = datasets[image % len(datasets)]
        quality = rng.normal()
        for number in range(int(rng.integers(1, objects + 1))):
            area = float(rng.choice([np.exp(rng.uniform(2, 11)), 1024.0, 9216.0], p=[0.8, 0.1, 0.1]))
            for clicks in CLICKS:
                iou = 1 / (1 + np.exp(-(0.8 * quality + rng.normal() + skill * clicks**0.3 - 1)))
                oracle = float(min(1, iou + rng.exponential(0.1))) if clicks == 1 else None
                scores = {"iou": iou, "boundary_iou": iou**1.5, "predicted_iou": 0.5, "oracle_iou": oracle}
                own = {"dataset": dataset, "object": str(number), "area": area, "clicks": clicks}
                rows.append({**identity(image), **own, **{k: v if v is None else float(v) for k, v in scores.items()}})
    return rows


def proposal_rows(n, seed=0, objects=4, lvis=True):
    rng = np.random.default_rng(seed)
    rows = []
    for image in range(n):
        count = int(rng.integers(0, objects + 1))
        places = np.exp(rng.uniform(0, 7.5, (count, 1))).astype(np.int32) - 1
        reached = rng.integers(-1, 11, (count, 1))
        places = np.where((np.arange(10) < reached) & (places < 1000), places, -1).astype(np.int32)
        size, mark = rng.integers(0, 3, count), rng.integers(0, 3, count)
        groups = {"all": places} | {name: places[size == i] for i, name in enumerate(("small", "medium", "large"))}
        if lvis:
            groups |= {name: places[mark == i] for i, name in enumerate(("rare", "common", "frequent"))}
        match = ProposalMatches(image + 1, groups)
        rows.append({**identity(image), "proposals": int(rng.integers(0, 900)), **columns_of_proposals(match)})
    return rows


def instance_rows(n, seed=0, found=8, objects=7, categories=5, lvis=False, boxes=True, tied=0.2):
    """Give rows of n images; a share of the scores is tied, within images and between them."""
    rng = np.random.default_rng(seed)
    rows = []
    for image in range(n):
        blocks = []
        own = rng.integers(0, objects + 1)
        truth = rng.integers(0, categories, own)
        size = rng.integers(0, 3, own)
        detected = np.sort(rng.integers(0, categories, rng.integers(0, found + 1)))
        for category in np.unique(detected).tolist():
            k = int((detected == category).sum())
            scores = rng.random(k)
            scores[rng.random(k) < tied] = rng.choice([0.3, 0.6])
            scores = -np.sort(-scores)
            right = rng.random(k) < 0.2 + 0.6 * scores
            reached = np.where(right & (category in truth), rng.integers(1, 11, k), 0)
            hits = ((1 << reached) - 1).astype(np.uint16)
            of_size = rng.integers(0, 3, k)
            area_hits = np.stack([hits, *(np.where(of_size == s, hits, 0) for s in range(3))], 1)
            out = np.where(rng.random(k) < 0.1, NEVER_COUNTED & ~hits, 0)
            area_out = np.stack([out, *(np.where(of_size == s, out, NEVER_COUNTED) for s in range(3))], 1)
            blocks.append((np.full(k, category), scores, np.arange(k), area_hits, area_out & ~area_hits))
        counts = {
            int(c): np.array([(truth == c).sum(), *((truth == c) & (size == s) for s in range(3))], object)
            for c in np.unique(truth)
        }
        counts = {c: np.array([v if np.isscalar(v) else v.sum() for v in one], np.int64) for c, one in counts.items()}
        columns = columns_of_instances(match_record(image + 1, blocks, counts), FREQUENCIES if lvis else None)
        if boxes:
            columns |= {"box_iou": rng.random(own).tolist(), "box_area": np.exp(rng.uniform(3, 11, own)).tolist()}
        rows.append({**identity(image), **columns})
    return rows


def region_rows(n, seed=0, thresholds=99):
    rng = np.random.default_rng(seed)
    at = np.linspace(0, 1, thresholds)
    rows = []
    for image in range(n):
        quality, total = rng.uniform(0.3, 0.9), float(rng.integers(3, 9) * 154401)
        cover = total * np.clip(quality - (at - rng.uniform(0.2, 0.5)) ** 2, 0.05, 1)
        whole = np.full(thresholds, total)
        counts = RegionCounts(
            np.stack([cover, whole, cover * 0.9, whole], 1), float(total * quality), quality + at / 10, 3 - quality + at
        )
        rows.append({**identity(image), "annotators": 5, "levels": "thresholds", **columns_of_regions(counts)})
    return rows


def annotator_rows(n, seed=0):
    """Give rows of n images of two to five annotators; every fifth has no segmentation."""
    rng = np.random.default_rng(seed)
    rows = []
    for image in range(n):
        count = int(rng.integers(2, 6))
        lines, agreed = rng.integers(500, 4000, count), rng.uniform(0.4, 0.9, count)
        boundary = {
            "cnt_r": (agreed * (lines.sum() - lines)).astype(int).tolist(),
            "sum_r": (lines.sum() - lines).tolist(),
            "cnt_p": (agreed * lines).astype(int).tolist(),
            "sum_p": lines.tolist(),
        }
        pixels, segments = np.full(count, 154401.0 * (count - 1)), rng.integers(2, 40, count)
        regions = {
            "covered": agreed * pixels,
            "pixels": pixels,
            "segments": segments,
            "segment_iou": segments * agreed * 0.8,
            "segment_best": segments * agreed,
            "rand_index": agreed,
            "voi": 3 * (1 - agreed),
        }
        regions = {name: [] if image % 5 == 4 else values.tolist() for name, values in regions.items()}
        rows.append({**identity(image), "annotators": count, **boundary, **regions})
    return rows


def noise_rows(n, seed=0, draws=4):
    """Give rows of n images of up to three objects, two strengths each, object by object."""
    rng = np.random.default_rng(seed)
    rows = []
    for image in range(n):
        for number in range(int(rng.integers(1, 4))):
            clean = float(rng.uniform(0.5, 1))
            for strength in (0.5, 2.0):
                ious = np.clip(clean - 0.1 * strength * rng.exponential(size=draws), 0, 1).tolist()
                own = {"object": str(number), "area": 100.0, "clean_iou": clean, "strength": strength}
                rows.append({**identity(image), **own, "ious": ious, "box_iou": float(1 - 0.1 * strength)})
    return rows


def latency_rows(n=12, others=0.1, encode=0.1):
    """Give rows of n images: encoding takes 100 ms, or as told, and i more, decoding K prompts 10 + 2 K ms."""
    found = []
    for image in range(n):
        common = {"sample_id": str(image), "image_sha256": "0", "pixels": 100}
        found.append({**common, "step": "encode", "number": 1, "seconds": [encode + 0.001 * image] * 3})
        found.append({**common, "step": "encode", "number": 4, "seconds": [0.2]})
        found += [
            {**common, "step": "decode", "number": k, "seconds": [0.010 + 0.002 * k, 0.010 + 0.002 * k]}
            for k in (1, 16)
        ]
        model = {
            "others": others,
            "threads": 2,
            "peak_bytes": {"host": 5e8 + image},
            "parameters": {"model": 3_000_000},
        }
        model["multiply_adds"] = {"encode": 4_000_000_000, "decode": 0}
        model["attention_ratio"] = 16.5 if image else None
        found.append({**common, "step": "model", "number": 1, "seconds": [], **model})
    return found
