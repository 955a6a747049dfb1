"""`sambench rate`: people rate masks without knowing who made them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT, tell
from sambench.commands.grammar.words import read
from sambench.commands.serving import serve
from sambench.config.ranges import Range
from sambench.errors import UsageError


def _folder(command: Command, words: list[str]) -> Path:
    """Return the study's folder, which the words begin with."""
    if not words or "=" in words[0]:
        raise UsageError(
            f"sambench {command.name} needs a study's folder",
            where=f"sambench {' '.join([command.name, *words])}",
            mend=f"use sambench {command.name} FOLDER; `sambench rate plan out=FOLDER` makes one",
        )
    return Path(words[0])


def _plan(words: list[str]) -> int:
    from sambench.pages.ratings.plan import PlanSettings, plan_study
    from sambench.runs.open import load_run

    values = read(PLAN, words)
    out, form = Path(values.pop("out")), values.pop("format")
    runs = [load_run(location) for location in values.pop("runs")]
    if not runs:
        raise UsageError("no run is named", where="runs", mend="use runs=[FOLDER,...] with runs of task points")
    study = plan_study(runs, PlanSettings(**values), out)
    lines = [f"{out}: {len(study.key)} jobs; {', '.join(study.methods)} on {study.data}"]
    lines += [f"{rater}: {len(jobs)} jobs" for rater, jobs in study.orders.items()]
    result = {"folder": str(out), "jobs": len(study.key), "methods": list(study.methods), "data": study.data}
    tell(form, {**result, "raters": {rater: len(jobs) for rater, jobs in study.orders.items()}}, "\n".join(lines))
    return 0


def _serve(words: list[str]) -> int:
    try:
        import waitress  # noqa: F401 (told here where it is missing)

        from sambench.pages.ratings.server import application
    except ImportError as error:
        raise UsageError(
            f"the rating page needs {error.name}", where="rate serve", mend="pip install 'sambench[rate]'"
        ) from error
    from sambench.pages.ratings.study import read_study

    folder = _folder(SERVE, words)
    values = read(SERVE, words[1:])
    study = read_study(folder)

    def opened(port: int) -> None:
        for rater, token in study.tokens.items():
            print(f"{rater}: http://127.0.0.1:{port}/#{token}", flush=True)
        print("each rater opens one of these; Ctrl+C ends it, nothing is lost", flush=True)

    serve(application(study), "127.0.0.1", values["port"], opened, max_request_body_size=4096)
    return 0


def _bundle(words: list[str]) -> int:
    from sambench.files.atomic import write_text
    from sambench.pages.ratings.bundle import bundle
    from sambench.pages.ratings.study import read_study

    folder = _folder(BUNDLE, words)
    values = read(BUNDLE, words[1:])
    page = bundle(read_study(folder), values["rater"])
    write_text(Path(values["out"]), page)
    result = {"file": values["out"], "bytes": len(page.encode())}
    tell(values["format"], result, f"{values['out']}: {len(page) / 1e6:.1f} MB")
    return 0


def _score(words: list[str]) -> int:
    from tabulate import tabulate

    from sambench.files.atomic import write_json
    from sambench.pages.ratings.scoring import read_answers, score_study
    from sambench.pages.ratings.study import read_study
    from sambench.pages.ratings.tables import differences_table, means_table, remarks

    folder = _folder(SCORE, words)
    values = read(SCORE, words[1:])
    study = read_study(folder)
    scores = score_study(study, read_answers(study, [Path(one) for one in values["saved"]]), values["seed"])
    tables = [
        tabulate(table, headers="keys", tablefmt="github", showindex=False, disable_numparse=True)
        for table in (means_table([scores]), differences_table([scores]))
    ]
    tell(values["format"], scores.as_json(), "\n\n".join([*tables, "\n".join(remarks(scores))]))
    write_json(folder / "scores.json", scores.as_json())
    return 0


SAVED = Key("saved", "files that bundled pages saved", list[str], [], example="[FILE,...]", path="local")

PLAN = Command(
    name="rate plan",
    summary="choose masks of runs and deal them out to raters",
    main=_plan,
    about="""\
Chooses objects that all runs of task points answered, adds the ground truth and attention checks, and deals the masks
out: every rater gets all methods in equal shares, in an order of its own. Pictures and jobs have random names; only
key.json says who made which mask. The same runs and seed give the same jobs; the raters' tokens are always new.""",
    keys=(
        Key("runs", "finished runs of task points on the same data", list[str], example="[FOLDER,...]", required=True),
        Key("out", "the study's folder", str, example="FOLDER", required=True, path="local"),
        Key("masks", "objects", Annotated[int, Range(1, 100_000)], 1000),
        Key("raters", "people", Annotated[int, Range(1, 1000)], 2),
        Key("per_job", "people who rate each mask", Annotated[int, Range(1, 100)], 1),
        Key("min_side", "objects below min_side^2 pixels are left out", Annotated[int, Range(0, 10_000)], 24),
        Key("max_side", "longer side of the images shown", Annotated[int, Range(64, 10_000)], 2000),
        Key(
            "checks", "attention checks, as a share of a rater's jobs; 0 for none", Annotated[float, Range(0, 1)], 0.05
        ),
        Key("max_failed", "share of failed checks that is let pass", Annotated[float, Range(0, 1)], 0.3),
        Key("seed", "of all choices", Annotated[int, Range(0, 2**32 - 1)], 0),
        FORMAT,
    ),
    result="data:StudyResult",
    examples=("sambench rate plan runs=[results/points/a,results/points/b] masks=200 raters=4 out=study",),
)

SERVE = Command(
    name="rate serve",
    summary="the rating page, on this machine",
    main=_serve,
    argument="STUDY",
    arguments="paths",
    about="""\
Serves the rating page to this machine alone and prints an address for each rater. An answer is on the disk before the
page goes on, so the server can be killed and started again at any time. Needs `pip install 'sambench[rate]'`.""",
    keys=(Key("port", "its port; 0 takes a free one", Annotated[int, Range(0, 65535)], 8765),),
    examples=("sambench rate serve study",),
)

BUNDLE = Command(
    name="rate bundle",
    summary="one rater's jobs as a single page without a server",
    main=_bundle,
    argument="STUDY",
    arguments="paths",
    about="Writes one HTML file with pictures and all; it keeps ratings in the browser and saves them to a file.",
    keys=(
        Key("out", "the page", str, example="FILE.html", required=True, path="local"),
        Key("rater", "whose jobs", str, "rater1"),
        FORMAT,
    ),
    result="tables:FileResult",
    examples=("sambench rate bundle study rater=rater2 out=rater2.html",),
)

SCORE = Command(
    name="rate score",
    summary="means, differences and agreement of the ratings so far",
    main=_score,
    argument="STUDY",
    arguments="paths",
    about="""\
Prints each method's mean with its 95 % interval, the paired differences with p of the t-test and 99 % bootstrap
interval (Table 8 of the paper), the raters' agreement, and who was rejected and why; writes STUDY/scores.json.""",
    keys=(SAVED, Key("seed", "of the bootstrap", Annotated[int, Range(0, 2**32 - 1)], 0), FORMAT),
    result="data:RatingsResult",
    examples=("sambench rate score study", "sambench rate score study saved=[rater2.json]"),
)

RATE = Command(
    name="rate",
    summary="people rate masks without knowing who made them",
    parts=(PLAN, SERVE, BUNDLE, SCORE),
    examples=("sambench rate plan runs=[results/points/a] out=study", "sambench rate score study"),
)
