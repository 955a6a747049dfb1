"""Templates of file names: `*` stands for the name of what the file belongs to (`*_edge`, `img_*`, `val/*`).

A template is the whole relative name without its ending. One that fits every file of a folder tells
what each belongs to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

PLAIN = "*"


def filled(template: str, name: str) -> str | None:
    """Return what stands in the place of `*` in a name, None where the template does not fit it."""
    before, after = template.split("*")
    fits = len(name) > len(before) + len(after) and name.startswith(before) and name.endswith(after)
    return name[len(before) : len(name) - len(after)] if fits else None


def templates(names: Sequence[str], answers: Mapping[str, str]) -> Counter[str]:
    """Count for every template what the files named by it belong to; of those that mean the same the shortest stays.

    Args:
        names: Relative names of the files without endings, with forward slashes.
        answers: What may stand in the place of `*` -> what it names.
    """
    lengths = sorted({len(name) for name in answers}, reverse=True)
    by_template: dict[str, dict[str, str]] = {}
    for name in names:
        for length in lengths:
            for start in range(len(name) - length + 1):
                part = name[start : start + length]
                if part in answers and _stands_alone(name, start, start + length):
                    by_template.setdefault(f"{name[:start]}*{name[start + length :]}", {})[answers[part]] = name
    different: dict[frozenset[tuple[str, str]], str] = {}
    for template, by_sample in by_template.items():
        if template.count("*") == 1:
            different.setdefault(frozenset(by_sample.items()), template)
    return Counter({template: len(pairs) for pairs, template in different.items()})


def _stands_alone(name: str, start: int, end: int) -> bool:
    """Tell whether a part of a name is no piece of a longer number or word: `12` is not meant by `img_123`."""
    return not any(
        0 < cut < len(name)
        and ((name[cut - 1].isdigit() and name[cut].isdigit()) or (name[cut - 1].isalpha() and name[cut].isalpha()))
        for cut in (start, end)
    )
