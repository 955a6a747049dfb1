"""How a folder's files are named after the samples they answer: a template with `*` for the sample's name.

Detectors write `100075_edge.png`, `img_100075.png` or `val/100075.png`. A template is the whole relative name without
its ending: `*_edge`, `img_*`, `val/*`. One that fits every file of a folder is found by itself; where several fit, or
none fits all, which of them is meant cannot be known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sambench.errors import PredictionError, UsageError
from sambench.files.name_templates import PLAIN, templates
from sambench.files.safe_names import stored_names

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
        message = f"a template of file names holds * once, in the place of the sample's name; {template!r} does not"
        raise UsageError(
            message, where=SWITCH, mend=f"give for example {SWITCH}='*_edge' for files like 100075_edge.png"
        )


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
    fits = templates(names, answers)
    whole = [template for template, number in fits.items() if number == len(names)]
    if len(whole) == 1:
        return whole[0]
    # A stray file beside samples' own names is told as such, by its name.
    candidates = whole or [one for one, number in fits.most_common() if number > 1 and number >= plain][:3]
    if not candidates or (plain and len(candidates) == 1):
        return PLAIN
    fitting = ", ".join(f"{one} ({fits[one]} of {len(names)} files)" for one in candidates)
    raise PredictionError(
        f"which files are the predictions cannot be told from their names; * stands for a sample's name: {fitting}",
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
