"""Gives commands damaged files: fuzz_driver.py BASE REPORT SEED FIRST COUNT [FORMAT...]

Each of COUNT inputs of each format is written, read by its command in this process, and put back. REPORT gets a JSON
line before each and one after it, so that what kills this process is known; started again with FIRST behind it, the
driver goes on.
"""

import contextlib
import faulthandler
import io
import json
import os
import random
import re
import resource
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import fault_scenes
import fuzz_formats
from fault_scenes import COMMON, INPUTS, TASKS
from resealed import reseal

from sambench import cli
from sambench.files.storage import locations
from sambench.runs.store import RunStore

SECONDS = 60
"""How long a command may take; the driver ends itself with a traceback where one hangs."""

MEMORY = 6 * 2**30
"""Address space, in bytes, that is left to a command: what asks for more is refused by the machine, not killed."""


def ended(words, inputs):
    """Run a command in this process; returns its exit code and all that it printed."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        try:
            cli.main([word.replace("{inputs}", str(inputs)) for word in words])
        except SystemExit as end:
            return end.code, told.getvalue()
    raise AssertionError("the command line ends with an exit code")


def troubles_of(code, text, codes):
    """Return what is wrong with how a command ended."""
    found = [] if code in (0, 2, *codes) else [f"exit code {code}"]
    if "Traceback" in text or "Exception ignored" in text:
        found.append("a traceback")
    if code == 2 and not all(re.search(part, text) for part in ("sambench: |failed: ", "where: ", "mend: ")):
        found.append("the message lacks what, where or mend")
    return found


def give(one, number, seed, inputs):
    """Give a format's command its `number`-th input; returns what happened."""
    here, rng = Path.cwd(), random.Random(f"{seed} {one.name} {number}")
    for name in ("out", "in", "user"):
        shutil.rmtree(here / name, ignore_errors=True)
    if one.copied:
        shutil.copytree(inputs / one.copied, here / "in")
    (path,) = (here if one.file.startswith("in/") else inputs).glob(one.file)
    beside = path.parent / "run.json"
    whole, record = path.read_bytes(), beside.read_bytes() if one.sealed else b""
    path.write_bytes(one.mutate(whole, rng))
    if one.sealed:
        reseal(path.parent)
    try:
        code, text = ended(one.words, inputs)
    finally:
        path.write_bytes(whole)
        if one.sealed:
            beside.write_bytes(record)
    troubles = troubles_of(code, text, one.codes)
    if troubles:
        text = text[-3000:] + "".join(path.read_text()[-1500:] for path in here.glob("user/defects/*"))
    return {"format": one.name, "number": number, "code": code, "troubles": troubles, "text": text * bool(troubles)}


def make_inputs(inputs):
    """Write one whole file of every format, the stored runs among them."""
    fuzz_formats.write_inputs(inputs)
    runs = fault_scenes.stored_runs()
    edges = ["run", "task=edges", *TASKS["edges"], *COMMON]
    commands = [
        *runs.values(),
        [*edges, "limit=1", f"run.dir={INPUTS}/runs/one", f"cache.dir={INPUTS}/one_cache"],
        ["gate", "freeze", f"{INPUTS}/runs/points", f"out={INPUTS}/frozen.baseline"],
        [*edges, f"run.dir=file://{inputs}/place/out"],
    ]
    for words in commands:
        code, text = ended(words, inputs)
        assert code == 0, text
    finish, RunStore.finish = RunStore.finish, _interrupted
    code, text = ended([*edges, f"run.dir={INPUTS}/unfinished"], inputs)
    RunStore.finish = finish
    assert code == 130, text


def _interrupted(*_, **__):
    raise KeyboardInterrupt


def main(base, report, seed, first, count, names):
    """Give every format's command its inputs, from the `first` one on, in the order of formats."""
    locations.time = SimpleNamespace(sleep=lambda seconds: None)  # before a place is tried again
    inputs, here = base / "inputs", base / "work" / "fuzz" / "here"
    here.mkdir(parents=True, exist_ok=True)
    os.chdir(here)
    os.environ |= {"SAMBENCH_CACHE": str(here / "user"), "TMPDIR": str(here)}
    if first == 0:
        make_inputs(inputs)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))
    chosen = [one for one in fuzz_formats.formats().values() if one.name in (names or [one.name])]
    given = [(one, number) for one in chosen for number in range(count)][first:]
    with report.open("a") as lines:
        for one, number in given:
            print(json.dumps({"begun": [one.name, number]}), file=lines, flush=True)
            faulthandler.dump_traceback_later(SECONDS, exit=True)
            print(json.dumps(give(one, number, seed, inputs)), file=lines, flush=True)
            faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    base, report, seed, first, count, *names = sys.argv[1:]
    main(Path(base).resolve(), Path(report).resolve(), int(seed), int(first), int(count), names)
