"""How a folder's files are named after the samples they answer: a template with `*` for the sample's name.

Detectors write `100075_edge.png`, `img_100075.png` or `val/100075.png`. A template is the whole relative name without
its ending: `*_edge`, `img_*`, `val/*`. One that fits every file of a folder is found by itself; where several fit, or
none fits all, which of them is meant cannot be known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sambench.errors import PredictionError, UsageError
from sambench.files.safe_names import stored_names

PLAIN = "*"
SWITCH = "predictions.names"


def names_of(sample_id: str) -> list[str]:
    """Return the names that stand for a sample, in the order in which its file is looked for: its id, its last part."""
    return list(dict.fromkeys((*stored_names(sample_id), *stored_names(sample_id.rsplit("/", 1)[-1]))))


def check_template(template: str) -> None:
    """Check a template that the user gave.

    Raises:
        UsageError: It does not hold one `*`.
    """
    if template.count("*") != 1:
        told = f"a template of file names holds * once, in the place of the sample's name; {template!r} does not"
        raise UsageError(told, where=SWITCH, mend=f"give for example {SWITCH}='*_edge' for files like 100075_edge.png")


def filled(template: str, name: str) -> str | None:
    """Return what stands in the place of `*` in a name, None where the template does not fit it."""
    before, after = template.split("*")
    fits = len(name) > len(before) + len(after) and name.startswith(before) and name.endswith(after)
    return name[len(before) : len(name) - len(after)] if fits else None


def choose_template(names: Sequence[str], sample_ids: Sequence[str], folder: Path) -> str:
    """Find how files are named.

    Args:
        names: Relative names of the files without endings, with forward slashes.
        sample_ids: Samples of the whole split.
        folder: Where they lie, as errors name it.

    Returns:
        `*` where files have samples' names, or where no template fits any file; else the one template of all files.

    Raises:
        PredictionError: Several templates fit all files, or some fit but none fits all.
    """
    answers = _samples_by_name(sample_ids)
    plain = sum(name in answers for name in names)
    if plain == len(names):
        return PLAIN
    fits = _templates(names, answers)
    whole = [template for template, number in fits.items() if number == len(names)]
    if len(whole) == 1:
        return whole[0]
    # A stray file beside samples' own names is told as such, by its name.
    candidates = whole or [one for one, number in fits.most_common() if number > 1 and number >= plain][:3]
    if not candidates or (plain and len(candidates) == 1):
        return PLAIN
    told = ", ".join(f"{one} ({fits[one]} of {len(names)} files)" for one in candidates)
    raise PredictionError(
        f"which files are the predictions cannot be told from their names; * stands for a sample's name: {told}",
        where=folder,
        mend=f"say it, as in {SWITCH}='{candidates[0]}' (other files are then passed over), or take the others out",
    )


def _samples_by_name(sample_ids: Iterable[str]) -> Mapping[str, str]:
    """Return the sample that a name stands for; a last part that several ids share stands for none."""
    meant: dict[str, str | None] = {}
    for sample_id in sample_ids:
        for name in names_of(sample_id):
            if meant.setdefault(name, sample_id) != sample_id:
                meant[name] = None
    return {name: sample_id for name, sample_id in meant.items() if sample_id is not None}


def _templates(names: Sequence[str], answers: Mapping[str, str]) -> Counter[str]:
    """Count for every template the samples that files named by it answer; of those that mean the same the shortest."""
    lengths = sorted({len(name) for name in answers}, reverse=True)
    found: dict[str, dict[str, str]] = {}
    for name in names:
        for length in lengths:
            for start in range(len(name) - length + 1):
                part = name[start : start + length]
                if part in answers and _stands_alone(name, start, start + length):
                    found.setdefault(f"{name[:start]}*{name[start + length :]}", {})[answers[part]] = name
    different: dict[frozenset[tuple[str, str]], str] = {}
    for template, by_sample in found.items():
        if template.count("*") == 1:
            different.setdefault(frozenset(by_sample.items()), template)
    return Counter({template: len(pairs) for pairs, template in different.items()})


def _stands_alone(name: str, start: int, end: int) -> bool:
    """Tell whether a part of a name is no piece of a longer number or word: `12` is not meant by `img_123`."""
    return not any(
        0 < place < len(name)
        and (
            (name[place - 1].isdigit() and name[place].isdigit())
            or (name[place - 1].isalpha() and name[place].isalpha())
        )
        for place in (start, end)
    )
