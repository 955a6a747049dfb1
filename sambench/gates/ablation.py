"""A sweep of one choice: each member a run of its own, finished ones reused, failed ones listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from sambench.engine.launch import launch
from sambench.errors import SambenchError, UsageError, listing
from sambench.files.atomic import json_text
from sambench.files.faults import defect_report
from sambench.files.storage.locations import Location, write_bytes
from sambench.gates.compare import gate
from sambench.gates.policy import Policy
from sambench.gates.sides import open_side
from sambench.tables.ablations import Ablation, Member, members_path

Compose = Callable[[Sequence[str]], dict[str, Any]]


def member_words(ablation: Ablation, words: Sequence[str], checkpoints: Sequence[str]) -> dict[str, list[str]]:
    """Return label -> the words of `sambench run` that make each member.

    Args:
        ablation: The sweep.
        words: Overrides of every member, after the sweep's own.
        checkpoints: A checkpoint for each member, where the sweep is over checkpoints.

    Raises:
        UsageError: The number of checkpoints is not the members'.
    """
    labels = list(ablation.members)
    if ablation.checkpoints and len(checkpoints) != len(labels):
        raise UsageError(
            f"ablation {ablation.name} needs {len(labels)} checkpoints ({listing(labels)}), got {len(checkpoints)}",
            where="checkpoints",
            mend=f"add checkpoints=[{','.join(['FILE'] * len(labels))}]",
        )
    if checkpoints and not ablation.checkpoints:
        raise UsageError(
            f"ablation {ablation.name} is not over checkpoints",
            where="checkpoints",
            mend="give one with model=NAME model.checkpoint=FILE",
        )
    return {
        label: [
            f"task={ablation.task}",
            *ablation.base,
            *own,
            *([f"model.checkpoint={checkpoints[index]}"] if checkpoints else []),
            *words,
        ]
        for index, (label, own) in enumerate(ablation.members.items())
    }


def sweep(
    ablation: Ablation, members: Mapping[str, list[str]], compose: Compose, results: Location
) -> Iterator[Member]:
    """Run the members one after another and list them below `results`; each is given as soon as it is there.

    A member that fails is listed with its error and the rest go on; Ctrl-C leaves finished ones finished and the one
    under way to be resumed.
    """
    done: list[Member] = []
    for label, words in members.items():
        command = f"sambench run {' '.join(words)}"
        try:
            done.append(Member(label, command, launch(compose(words)).run.location))
        except SambenchError as error:
            done.append(Member(label, command, error=_one_line(str(error))))
        except Exception as error:  # a defect met by one member must not take the rest of the sweep with it
            done.append(Member(label, command, error=_one_line(defect_report(error))))
        yield done[-1]
    done = with_differences(done, ablation.reference)
    listed = json_text([asdict(member) for member in done])
    write_bytes(members_path(ablation.name, results), listed.encode())


def _one_line(message: str) -> str:
    return "; ".join(line.strip() for line in message.splitlines())


def with_differences(members: Sequence[Member], reference: str) -> list[Member]:
    """Compare every finished member with the reference, image by image, where both have the same images."""
    base = next((member for member in members if member.label == reference and member.folder), None)
    if base is None:
        return list(members)
    first = open_side(base.folder)
    compared = []
    for member in members:
        if not member.folder or member is base:
            compared.append(member)
            continue
        result = gate([first], [open_side(member.folder)], Policy(), compare=["task.*"], common=True)
        comparisons = {one.found.name: one.found for one in result.judgements}
        differences = {name: (one.difference, *one.interval) for name, one in comparisons.items()}
        compared.append(replace(member, differences=differences))
    return compared
