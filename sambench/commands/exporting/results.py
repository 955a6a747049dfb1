"""`sambench export runs=[...] to=FORMAT`: results in the forms that other people's tools read."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT, tell
from sambench.commands.grammar.words import read
from sambench.errors import UsageError
from sambench.files.storage.locations import is_web_address

FORMATS = ("hf", "eee", "csv", "parquet", "latex")
RELATIONS = ("first_party", "third_party", "collaborative", "other")
_REPOSITORY = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")


def main(words: list[str]) -> int:
    """Write the files and print their names."""
    from sambench.commands.report import open_runs
    from sambench.files.atomic import write_bytes
    from sambench.files.safe_names import inside

    values = read(RESULTS, words)
    runs, out = open_runs(values["runs"]), Path(values["out"])
    files = _files(runs, values)
    for name, content in files.items():
        write_bytes(inside(out, name), content.encode() if isinstance(content, str) else content)
    undefined = sum(metric.value != metric.value for run in runs for metric in run.metrics.values())
    notes = []
    if undefined and values["to"] in ("hf", "eee"):
        notes.append(f"left out: {undefined} metrics that are undefined")
    paths = [str(out / name) for name in files]
    tell(values["format"], {"files": paths, "notes": notes}, "\n".join(paths))
    for note in notes:
        print(note, file=sys.stderr)
    return 0


def _files(runs: list[Any], values: dict[str, Any]) -> dict[str, str | bytes]:
    """Return name -> content of what is asked for, without credentials."""
    from sambench.redact import without_secrets

    if values["to"] == "parquet":
        from sambench.sharing.flat import as_parquet, flat_table

        return {"results.parquet": as_parquet(flat_table(runs))}
    return {name: without_secrets(text) for name, text in _texts(runs, values).items()}


def _texts(runs: list[Any], values: dict[str, Any]) -> dict[str, str]:
    from sambench.files.atomic import json_text
    from sambench.files.safe_names import readable
    from sambench.sharing.every_eval import Evaluator, every_eval, record_name
    from sambench.sharing.flat import as_csv, as_latex, flat_table
    from sambench.sharing.hub import HubTarget, eval_results, model_index

    if values["url"] is not None and not is_web_address(values["url"]):
        raise UsageError(f"url is {values['url']!r}, which is no web address", where="url", mend="give url=https://...")
    if values["to"] == "csv":
        return {"results.csv": as_csv(flat_table(runs))}
    if values["to"] == "latex":
        return {"results.tex": as_latex(runs)}
    if values["to"] == "eee":
        needs(values, "by", "whoever ran the evaluation: by=NAME")
        evaluator = Evaluator(values["by"], values["relation"], values["developer"] or "unknown", values["url"])
        return {record_name(run, evaluator): json_text(every_eval(run, evaluator)) for run in runs}
    needs(values, "dataset", "the data set's repository on the Hub: dataset=ORG/NAME")
    if not _REPOSITORY.fullmatch(values["dataset"]):
        raise UsageError(f"dataset is {values['dataset']!r}", where="dataset", mend="give dataset=ORG/NAME")
    target = HubTarget(values["dataset"], values["url"])
    names = [f".eval_results/{readable(run.folder.name)}.yaml" for run in runs]
    if len(set(names)) < len(names):
        raise UsageError("two runs have folders of one name", where="runs", mend="give one of them at a time")
    files = {name: eval_results(run, target) for name, run in zip(names, runs, strict=True)}
    return {**files, "model-index.yaml": model_index(runs, target)}


def needs(values: dict[str, Any], key: str, mend: str) -> None:
    """Refuse a form without what it has to say.

    Raises:
        UsageError: The key was not given.
    """
    if not values[key]:
        raise UsageError(f"to={values['to']} needs {key}", where="sambench export", mend=f"tell {mend}")


RESULTS = Command(
    name="export results",
    summary="runs' metrics with intervals in the forms of other tools",
    main=main,
    usage=("export results runs=[RUN,...] to=hf|eee|csv|parquet|latex [out=FOLDER] [key=value ...]",),
    about="""\
hf: `.eval_results/RUN.yaml` and the `model-index` block of a model card, as Hugging Face's Hub reads them; the runs are
of one model. eee: a JSON file a run in the form of Every Eval Ever 0.3.0. csv, parquet: one flat table, a row a run and
metric, with hashes and departures from the published protocol. latex: a table a task.""",
    keys=(
        Key("runs", "finished runs", list[str], example="[RUN,...]", required=True, path="url"),
        Key("to", "the form", str, example="csv", required=True, choices=FORMATS),
        Key("out", "the folder that files are written to", str, "exported", path="local"),
        Key("dataset", "hf: the data set's repository on the Hub", str | None, example="ORG/NAME"),
        Key("url", "hf, eee: where more is told of the results", str | None, example="URL"),
        Key("by", "eee: who ran the evaluation", str | None, example="NAME"),
        Key("relation", "eee: theirs to the model", str, "other", choices=RELATIONS),
        Key("developer", "eee: who made the model", str | None, example="NAME"),
        FORMAT,
    ),
    result="tables:FilesResult",
    examples=(
        "sambench export results runs=[results/edges/a,results/edges/b] to=csv out=tables",
        "sambench export runs=[results/edges/a] to=hf dataset=ORG/NAME",
        "sambench export runs=[results/edges/a] to=eee by='A. Lab'",
    ),
)
