"""`sambench view`: stored runs in a browser."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT, tell
from sambench.commands.grammar.words import read
from sambench.commands.serving import serve
from sambench.config.ranges import Range
from sambench.errors import UsageError

RESULTS = "results"


def _results(words: list[str]) -> tuple[str, list[str]]:
    """Part the place of the results, which the words may begin with, from the keys."""
    return (words[0], words[1:]) if words and "=" not in words[0] else (RESULTS, words)


def main(words: list[str]) -> int:
    """Serve the page until it is stopped."""
    try:
        import waitress  # noqa: F401 (told here where it is missing)

        from sambench.pages.viewer.server import LOOPBACK, application
    except ImportError as error:
        mend = "pip install 'sambench[view]'"
        raise UsageError(f"the page needs {error.name}", where="sambench view", mend=mend) from error
    import secrets

    from sambench.files.atomic import work_folder
    from sambench.files.paths import cache_root
    from sambench.files.storage.locations import join
    from sambench.pages.viewer.cache import PictureCache
    from sambench.pages.viewer.library import Library

    results, rest = _results(words)
    values = read(VIEW, rest)
    library, token, host = Library(join(results)), secrets.token_urlsafe(24), values["host"]
    with work_folder(cache_root() / "viewer") as folder:
        app = application(library, PictureCache(folder), token, host)

        def opened(port: int) -> None:
            print(f"http://{f'[{host}]' if ':' in host else host}:{port}/{token}/", flush=True)
            count = len(library.shelf.all())
            print(f"{count} runs below {results}; Ctrl+C ends it, nothing is written there", flush=True)
            if host not in LOOPBACK:
                warning = (
                    "whoever has the secret sees runs and images, by the number of this machine in the place of a name"
                )
                print(f"it listens beyond this machine: {warning}", flush=True)

        serve(app, host, values["port"], opened, threads=8, ident=None)
    return 0


def _bundle(words: list[str]) -> int:
    """Write the page as files."""
    from sambench.files.storage.locations import join
    from sambench.pages.viewer.bundle import write_bundle
    from sambench.pages.viewer.library import Library

    results, rest = _results(words)
    values = read(BUNDLE, rest)
    images = None if values["images"] == "all" else values["images"]
    bundled = write_bundle(Library(join(results)), Path(values["out"]), images)
    for note in bundled.notes:
        print(f"note: {note}", file=sys.stderr)
    summary = f"{bundled.runs} runs, {bundled.images} images with pictures, {bundled.pairs} comparisons"
    text = f"{values['out']}: {summary}; {bundled.files} files, {bundled.size / 1e6:.1f} MB, for any web host"
    result = {"folder": values["out"], "runs": bundled.runs, "images": bundled.images, "comparisons": bundled.pairs}
    tell(
        values["format"], {**result, "files": bundled.files, "bytes": bundled.size, "notes": list(bundled.notes)}, text
    )
    return 0


BUNDLE = Command(
    name="view bundle",
    summary="the same page as files for any web host",
    main=_bundle,
    argument="[RESULTS]",
    arguments="paths",
    about="""\
Writes the page of `sambench view` with all that it can show of the runs below RESULTS (default: results) as files, for
any web host; `python -m http.server -d FOLDER` is one. It asks for nothing elsewhere. The folder holds images of your
data: what may be shown to whom is yours to know.""",
    keys=(
        Key("out", "the folder, which must be empty", str, example="FOLDER", required=True, path="local"),
        Key(
            "images",
            "images of each run whose pictures are written, those that lose most first; all for all of them",
            Annotated[int, Range(0, 1_000_000)],
            100,
            beside=("all",),
        ),
        FORMAT,
    ),
    result="data:BundleResult",
    examples=("sambench view bundle out=site", "sambench view bundle results/points out=points images=all"),
)

VIEW = Command(
    name="view",
    summary="stored runs in a browser: metrics, comparisons, every image with what was predicted",
    main=main,
    argument="[RESULTS]",
    arguments="paths",
    runs_bare=True,
    about="""\
Serves a page to this machine alone and prints its address, which ends in a secret. It shows the runs below RESULTS
(default: results) with filters, each run's metrics with intervals, every two runs held against each other as
`sambench gate` does, and each image with its truth, predictions, candidates, clicks one by one, errors and matches of
edges; how far a run is that goes on. It only reads. Needs `pip install 'sambench[view]'`.""",
    keys=(
        Key("port", "its port; 0 takes a free one", Annotated[int, Range(0, 65535)], 8766),
        Key("host", "the address it listens at; 0.0.0.0 lets other machines in", str, "127.0.0.1"),
    ),
    parts=(BUNDLE,),
    examples=("sambench view", "sambench view results/points port=0"),
)
