"""What a gate found, as text, markdown, HTML, JSON and JUnit XML; the same finding gives the same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from glob import escape
from pathlib import Path, PurePosixPath
from urllib.parse import quote
from xml.etree import ElementTree

import tabulate

from sambench.files.atomic import finite
from sambench.files.safe_names import printable, stored_names
from sambench.gates.cells import HEADS, carriers, cells, reading, takes
from sambench.gates.page import GateLine, gate_page
from sambench.gates.result import CANNOT_TELL, FAILING, IMPROVED, Flip, GateResult, Judgement
from sambench.tables.folding import folded_text

FORMATS = {"text": "txt", "json": "json", "junit": "xml", "md": "md", "html": "html"}
"""Format -> file ending."""

_MARKS, _ESCAPED = r"([\[\]<`])", r"\\\1"
"""Markdown's marks of links, tags and code in a text, and the same escaped."""
PLACES = ("pictures", "predictions")
"""Folders of a run that may show an image."""


def render_gate(result: GateResult, form: str, width: int | None = None) -> str:
    """Write a finding as "text", "md", "html", "json" or "junit".

    Args:
        result: The finding.
        form: Which of them.
        width: Columns of the terminal that text is for; None for as many as it takes.
    """
    if form == "text":
        return _text(result, width)
    writers = {"md": _markdown, "html": _html, "json": _json, "junit": _junit}
    return writers[form](result)


def headline(result: GateResult) -> str:
    """Say the verdict in a line and which metrics decided it."""
    if result.failing:
        of = {kind: [one.found.name for one in result.failing if one.verdict == kind] for kind in FAILING}
        return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in of.items() if names)
    untold = [one for one in result.untold if result.exit_code or not one.undefined]
    text = "; ".join(f"{one.found.name} ({carriers(one, result)})" for one in untold)
    if result.forbidding or not text:
        return result.verdict
    return f"cannot tell {text}" if result.exit_code else f"{result.verdict}; cannot tell {text}"


def _text(result: GateResult, width: int | None) -> str:
    lines = [_heading(result), "", *_sides(result)]
    if result.judgements:
        rows = [cells(one, result) for one in result.judgements]
        align = ["left", *["right"] * (len(HEADS) - 2), "left"]
        lines += ["", folded_text(HEADS, rows, align, ("detectable", "p", "baseline", "candidate"), width), ""]
        lines += [reading(result), *takes(result)]
    for title, flips in _flips(result):
        lines += ["", f"{title}:", *(f"  {flip}" for flip in flips)]
    if result.worse or result.better:
        lines += ["", *(f"pictures: sambench look {path}" for path in (*result.baseline, *result.candidate))]
    return "\n".join(lines) + "\n"


def _markdown(result: GateResult) -> str:
    lines = [f"### sambench gate: {headline(result)}", "", f"{result.task}, {result.data}, {result.samples} images", ""]
    lines += [f"- {line}" for line in _sides(result)]
    if result.judgements:
        rows = [cells(one, result) for one in result.judgements]
        align = ["left", *["right"] * (len(HEADS) - 2), "left"]
        lines += ["", tabulate.tabulate(rows, HEADS, tablefmt="github", disable_numparse=True, colalign=align), ""]
        lines += [reading(result), *(f"\n{line}" for line in takes(result))]
    for title, flips in (("Images that fell most", result.worse), ("Images that rose most", result.better)):
        if flips:
            lines += ["", f"{title}:", ""]
            lines += [f"- {re.sub(_MARKS, _ESCAPED, _flip(one))}{_links(result, one)}" for one in flips]
    return "\n".join(lines) + "\n"


def _html(result: GateResult) -> str:
    lines = [GateLine(_kind(one), cells(one, result)) for one in result.judgements]
    below = [reading(result), *takes(result)] if lines else []
    return gate_page(_heading(result), _sides(result), HEADS, lines, below, _flips(result))


def _heading(result: GateResult) -> str:
    return f"{headline(result)} ({result.task}, {result.data}, {result.samples} images)"


def _flips(result: GateResult) -> list[tuple[str, list[str]]]:
    """Return the images that fell and rose most, as a title and lines, where there are any."""
    groups = (("images that fell most", result.worse), ("images that rose most", result.better))
    return [(f"{title} (baseline -> candidate)", [_flip(one) for one in flips]) for title, flips in groups if flips]


def _kind(one: Judgement) -> str:
    """Return how a metric's line is marked on a page."""
    if not one.judged:
        return "shown"
    return "failing" if one.verdict in FAILING else {IMPROVED: "improved", CANNOT_TELL: "untold"}.get(one.verdict, "")


def _json(result: GateResult) -> str:
    value = {
        "verdict": result.verdict,
        "exit_code": result.exit_code,
        **asdict(result),
        "pictures": {one.sample_id: _pictures(result, one) for one in (*result.worse, *result.better)},
    }
    return json.dumps(finite(value), indent=2, ensure_ascii=False, default=str) + "\n"


def _junit(result: GateResult) -> str:
    judged = [one for one in result.judgements if one.judged]
    suite = ElementTree.Element(
        "testsuite",
        name=f"sambench gate {result.task} {result.data}",
        tests=str(len(judged) or 1),
        failures=str(len(result.failing)),
        errors=str(int(bool(result.forbidding))),
        skipped=str(len(result.untold)),
        time="0",
    )
    if result.forbidding:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"sambench.{result.task}", name="comparable", time="0"
        )
        error = ElementTree.SubElement(case, "error", message="not comparable", type="NotComparable")
        error.text = "\n".join(f"{one} ({one.mend})" for one in result.forbidding)
    for one in judged:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"sambench.{result.task}", name=one.found.name, time="0"
        )
        if one.verdict == CANNOT_TELL:
            ElementTree.SubElement(case, "skipped", message=f"cannot tell: {carriers(one, result)}")
        if one.verdict in FAILING:
            failure = ElementTree.SubElement(case, "failure", message=_sentence(one), type=one.verdict)
            failure.text = ", ".join(f"{head} {cell}" for head, cell in zip(HEADS, cells(one, result), strict=True))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _sides(result: GateResult) -> list[str]:
    """Say which runs were compared, what forbids it and what differs otherwise."""
    lines = []
    sides = zip(("baseline", "candidate"), (result.baseline, result.candidate), result.called, strict=True)
    for side, paths, names in sides:
        texts = [f"{path} ({name})" for path, name in zip(paths, names, strict=True)] if names else paths
        lines.append(f"{side}: {', '.join(texts)}")
    lines += [f"forbids a comparison: {one}; {one.mend}" for one in result.forbidding]
    lines += [f"differs: {one}" for one in result.told]
    for side, names in zip(("baseline", "candidate"), result.uncompared, strict=True):
        if names:
            lines.append(f"not compared: {', '.join(names)}, which only the {side} has")
    if any(result.left_out):
        lines.append(f"left out: {result.left_out[0]} images only the baseline has, {result.left_out[1]} the candidate")
    return lines


def _sentence(one: Judgement) -> str:
    comparison = one.found
    sentences = {
        "regression": "is undefined, where the baseline has a value"
        if comparison.candidate != comparison.candidate
        else f"fell by {abs(comparison.difference):.4f}, more than the margin {one.rule.margin:g}",
        "below floor": f"is {comparison.candidate:.4f}, the floor is {one.rule.floor}",
        "not improved": "did not improve, as the policy asks",
    }
    return f"{comparison.name} {sentences[one.verdict]}"


def _flip(one: Flip) -> str:
    return f"{printable(one.sample_id)}: {one.baseline:.3f} -> {one.candidate:.3f}"


def _links(result: GateResult, flip: Flip) -> str:
    links = [f"[{Path(path).parent.name}]({quote(path)})" for path in _pictures(result, flip)]
    return f" ({', '.join(links)})" if links else ""


def _pictures(result: GateResult, flip: Flip) -> list[str]:
    """Return the pictures and predictions the runs hold of an image."""
    return [file for side in (result.baseline, result.candidate) for run in side for file in _files(run, flip)]


def _files(run: str, flip: Flip) -> Sequence[str]:
    """Return an image's files, `ID.ending` and `ID_word.ending`, not those of images whose ids begin like its own."""
    files: list[Path] = []
    for subfolder in PLACES:
        folder = Path(run) / subfolder
        for name in stored_names(flip.sample_id) if folder.is_dir() else ():
            own = re.compile(rf"{re.escape(PurePosixPath(name).name)}(_[A-Za-z]+)?(\.json)?\.\w+")
            near = [path for start in ("", "*/") for path in sorted(folder.glob(f"{start}{escape(name)}*.*"))]
            files += [path for path in near if own.fullmatch(path.name)]
    return [path.as_posix() for path in dict.fromkeys(files)]
