"""Who rates what, and in which order: balanced over methods, shuffled, neighbours from different images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


def assigned(items: int, methods: int, raters: int, per_job: int) -> list[list[tuple[int, int]]]:
    """Deal (item, method) jobs to raters as a Latin square, each job to `per_job` different raters.

    Every rater gets all methods in equal shares, to within one job, and no item twice where there are at least
    methods * per_job raters.

    Example: two items, two methods, two raters, one rating a job: rater 0 has (0, 0) and (1, 1), rater 1 the others.
    """
    dealt: list[list[tuple[int, int]]] = [[] for _ in range(raters)]
    for item in range(items):
        for method in range(methods):
            for copy in range(per_job):
                dealt[(item + method * per_job + copy) % raters].append((item, method))
    return dealt


def shuffled(jobs: Sequence[str], samples: Mapping[str, str], generator: np.random.Generator) -> list[str]:
    """Shuffle jobs so that neighbours are of different images as far as there are any.

    At each place the next shuffled job of another image is taken, except that an image that makes up more than half
    of what is left goes first.
    """
    left = [jobs[index] for index in generator.permutation(len(jobs))]
    counts: dict[str, int] = {}
    for job in left:
        counts[samples[job]] = counts.get(samples[job], 0) + 1
    order: list[str] = []
    while left:
        before = samples[order[-1]] if order else None
        crowded = [one for one, count in counts.items() if count * 2 > len(left) and one != before]
        index = next(
            (i for i, job in enumerate(left) if samples[job] != before and (not crowded or samples[job] == crowded[0])),
            0,
        )
        counts[samples[left[index]]] -= 1
        order.append(left.pop(index))
    return order
