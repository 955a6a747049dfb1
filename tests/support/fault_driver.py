"""Injects faults into commands and looks at what is left: fault_driver.py BASE REPORT FAULTS KILLS SEED [NAME...]

Started with the shim preloaded. All that a command needs is imported and compiled once here; each command then runs in
a forked child of its own, with the shim's counters at zero.
"""

import hashlib
import json
import math
import os
import random
import re
import shutil
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import fault_scenes
from fault_memory import MemoryFaults
from fault_shim import CHANGES, ERRORS, Fault, arm, calls, disarm, fired

from sambench import cli
from sambench.files.storage import locations
from sambench.runs import remote_store

SECONDS = 60
"""How long a command may take; one that hangs is killed and told."""

LEFT = re.compile(r"\.[0-9a-f]{32}\.|.*\.tmp$|\.tmp|rows\.jsonl$|\.lease\.json$")
"""Names of files that no command leaves behind."""

FOUND = {"data check": (1,), "cache verify": (1,)}
"""Exit codes of commands that look for damaged files, where a file that cannot be read is one."""

SAME = ("schema_version", "status", "identity", "files", "metrics", "switches", "model", "data", "config", "shard")
"""What of run.json is the same however often a run was interrupted."""


@dataclass
class Ended:
    """How a command ended: its exit code (negative for a signal, None for one that hung) and what it printed."""

    code: int | None
    text: str


def run_child(work, seconds=SECONDS):
    """Do some work in a forked child; returns its exit code, negative for a signal, None where it took too long."""
    child = os.fork()
    if child == 0:
        try:
            code = work()
        except BaseException:
            traceback.print_exc()
            code = 99
        os._exit(code)
    deadline = time.time() + seconds
    while time.time() < deadline:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def command(scene, folder, name, fault=None):
    """Run a scene's command in a child; `fault` counts or injects, None does neither.

    Args:
        scene: The scene.
        folder: Of this injection; the command is run in `folder/here`.
        name: Of the files that hold what is printed, the log and the counters.
        fault: What is to happen.
    """
    here, own = folder / "here", folder / name
    own.mkdir()

    def work():
        os.chdir(here)
        os.environ |= {"SAMBENCH_CACHE": str(here / "user"), "TMPDIR": str(here / "tmp")}
        output = os.open(own / "printed", os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        in_memory = scene.place == "memory"
        memory = MemoryFaults(folder / "memory", own / "log" if fault else None, fault) if in_memory else None
        if fault is not None and not in_memory:
            arm(fault, [here, here.parents[2] / "inputs"], own)
        try:
            inputs = str(here.parents[2] / "inputs")
            cli.main([word.replace("{here}", str(here)).replace("{inputs}", inputs) for word in scene.words])
        except SystemExit as ended:
            code = ended.code
        disarm()
        sys.stdout.flush()
        if memory is not None:
            memory.keep()
            (own / "fired").write_text(str(int(memory.fired)))
        return code

    code = run_child(work)
    return Ended(code, (own / "printed").read_text(errors="replace"))


def prepare(scene, folder):
    """Make the folder that a scene's command is run in, with what it finds there."""
    shutil.rmtree(folder, ignore_errors=True)
    here = folder / "here"
    (here / "tmp").mkdir(parents=True)
    for target, source in scene.before.items():
        (here / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder.parents[1] / "inputs" / source, here / target)


def outcome(scene, folder):
    """Return what a command has made: name -> hash, of records what does not depend on time; and what it left behind.

    Caches are left out of the first: what they hold is anyone's.
    """
    here, made, left = folder / "here", {}, []
    files = {path.relative_to(here).as_posix(): path.read_bytes() for path in here.rglob("*") if path.is_file()}
    if scene.place == "memory" and (folder / "memory").exists():
        files |= {f"memory:/{name}": data for name, data in MemoryFaults.load(folder / "memory").items()}
    for name, data in files.items():
        last = name.rpartition("/")[2]
        if any(map(LEFT.match, name.split("/"))) or name.startswith("tmp/"):
            left.append(name)
        elif last == ".lock" or name.startswith("user/") or "emb/" in name:
            continue
        elif last in ("run.json", "manifest.json"):
            made[name] = _record(json.loads(data.replace(str(folder).encode(), b"FOLDER")), last)
        elif name == "plan.json":
            made[name] = sorted(json.loads(data))
        else:
            made[name] = hashlib.sha256(data.replace(str(folder).encode(), b"FOLDER")).hexdigest()
    return made, left


def _record(record, name):
    if name == "manifest.json":
        files = {file: told for file, told in record["files"].items() if file != "run.json"}
        return [_record(record["record"], "run.json"), files]
    return {key: record.get(key) for key in SAME}


def spread(number, count, rng):
    """Return `count` places of `number` that lie apart."""
    return [min(number - 1, int((index + rng.random()) * number / count)) for index in range(count)]


def plan(scene, seen, faults, kills, rng):
    """Choose the faults of a scene from the calls that it was seen to make."""
    if not seen:
        return []
    if scene.place == "memory":
        failing = [
            Fault(at + 1, error=rng.choice(list(ERRORS)), lasting=rng.random() < 0.5)
            for at in spread(len(seen), faults, rng)
        ]
        dying = [Fault(at + 1, do=rng.choice(["before", "after"])) for at in spread(len(seen), kills, rng)]
        return failing + dying
    chosen = []
    for at in spread(len(seen), faults, rng):
        kind = seen[at][0]
        error = rng.choice([error for error, kinds in ERRORS.items() if kind in kinds])
        lasting = rng.random() < 0.4
        do = "short" if kind == "write" and rng.random() < 0.25 else "fail"
        chosen.append(Fault(at + 1, ERRORS[error] if lasting and do == "fail" else (kind,), do, error, lasting))
    changes = [at for at, (kind, _, _) in enumerate(seen) if kind in CHANGES] or list(range(len(seen)))
    for place in spread(len(changes), kills, rng):
        do = rng.choice(["before", "after", "torn"] if seen[changes[place]][0] == "write" else ["before", "after"])
        chosen.append(Fault(changes[place] + 1, (seen[changes[place]][0],), do))
    return chosen


def inject(scene, fault, wanted, code, folder):
    """Run a scene's command with a fault and then without; returns what happened, with `troubles` for what is wrong.

    Args:
        scene: The scene.
        fault: The fault.
        wanted: What an undisturbed command makes.
        code: The exit code of an undisturbed command.
        folder: For all that is written.
    """
    prepare(scene, folder)
    ended = command(scene, folder, "fault", fault)
    befell = [f"{kind} {path}" for kind, path, chosen in calls(folder / "fault") if chosen][:1]
    if scene.place == "memory":
        happened = (fault.kills and ended.code == -signal.SIGKILL) or bool(befell)
    else:
        happened = fired(folder / "fault")
    told = {
        "scene": scene.name,
        "fault": str(fault),
        "call": "".join(befell),
        "happened": happened,
        "kill": fault.kills,
        "code": ended.code,
    }
    troubles = _troubles_of_end(scene, ended, fault, code) if happened else []
    if not fault.kills and ended.code == code and "note: " not in ended.text:
        troubles += _troubles_of_outcome(scene, folder, wanted, "at once", told["call"], False, fault.lasting)
    again = command(scene, folder, "again")
    if again.code != code and not (scene.once and scene.once in again.text):
        troubles.append(f"without the fault it then ends with {again.code}: {again.text[-1500:]}")
    troubles += _troubles_of_outcome(scene, folder, wanted, "afterwards", told["call"], fault.kills, fault.lasting)
    if not troubles:
        shutil.rmtree(folder)
    return {**told, "troubles": troubles, "text": ended.text[-3000:] if troubles else ""}


def _troubles_of_end(scene, ended, fault, code):
    if fault.kills:
        return [] if ended.code == -signal.SIGKILL else [f"not killed, but ended with {ended.code}"]
    troubles = []
    if ended.code not in (code, 2, 130, *FOUND.get(scene.name, ())):
        troubles.append("it hung" if ended.code is None else f"exit code {ended.code}")
    if "Traceback" in ended.text or "Exception ignored" in ended.text:
        troubles.append("a traceback")
    parts = ("sambench: |failed: ", "where: ", "mend: ")
    if ended.code == 2 and not all(re.search(part, ended.text) for part in parts):
        troubles.append("the message lacks what, where or mend")
    return troubles


def _troubles_of_outcome(scene, folder, wanted, when, call, killed=False, lasting=False):
    made, left = outcome(scene, folder)
    if when == "at once" and lasting:  # what says that it is being written runs out by itself
        left = [name for name in left if not name.endswith(".lease.json")]
    if killed or lasting or "/here/tmp/" in call:  # the system's temporary folder: what cannot be removed stays there
        left = [name for name in left if not name.startswith("tmp/")]
    if scene.place == "file" and (killed or lasting):  # `cache prune` removes these
        left = [name for name in left if not name.startswith("place/emb/")]
    troubles = [f"left behind {when}: {name}" for name in left]
    names = sorted(name for name in wanted.keys() | made.keys() if wanted.get(name) != made.get(name))
    return troubles + ([f"different {when}: {', '.join(names)}"] if names else [])


def undisturbed(scene, folder):
    """Run a scene's command alone; returns what it makes, its exit code, and the calls that it makes."""
    prepare(scene, folder)
    ended = command(scene, folder, "count", Fault())
    made, left = outcome(scene, folder)
    if ended.code not in (0, 1, 3) or left:
        raise SystemExit(f"{scene.name} fails undisturbed: {ended.code} {left} {ended.text}")
    return {"made": made, "code": ended.code, "calls": calls(folder / "count")}


def in_parallel(works, results):
    """Do works in forked children, one a processor at once; returns each one's JSON-like result, in order.

    Args:
        works: Functions without arguments.
        results: A folder for what they return.
    """
    results.mkdir()
    waiting, running = list(enumerate(works)), set()
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            number, work = waiting.pop(0)
            child = os.fork()
            if child == 0:
                try:
                    found = work()
                except BaseException:
                    found = {"broken": traceback.format_exc()}
                (results / f"{number}.json").write_text(json.dumps(found))
                os._exit(0)
            running.add(child)
        running.remove(os.wait()[0])
    found = [json.loads((results / f"{number}.json").read_text()) for number in range(len(works))]
    if broken := next((one["broken"] for one in found if "broken" in one), None):
        raise SystemExit(broken)
    return found


def make_inputs(base, chosen):
    """Write the inputs and make the stored runs that scenes read, in this process: it imports and compiles for all."""
    inputs, here = base / "inputs", base / "work" / "inputs" / "here"
    fault_scenes.write_inputs(inputs)
    here.mkdir(parents=True)
    os.chdir(here)
    os.environ["SAMBENCH_CACHE"] = str(here / "user")
    for name, words in fault_scenes.stored_runs().items():
        if not any(re.search(rf"runs/{name}\b|\b{name},", str(scene)) for scene in chosen):
            continue
        try:
            cli.main(words)
        except SystemExit as ended:
            if ended.code != 0:
                raise


def main(base, report, faults, kills, seed, names):
    """Inject faults and kills into scenes (all, or those named), spread over them by the roots of their calls' number.

    Args:
        base: A folder for all that is written.
        report: The JSON file that is written at the end.
        faults, kills: How many there are at least.
        seed: Draws them.
        names: Names of scenes.
    """
    locations.time = SimpleNamespace(sleep=lambda seconds: None)  # before a place is tried again
    remote_store.EVERY_SECONDS = 0.1
    chosen = [scene for scene in fault_scenes.scenes() if not names or scene.name in names]
    make_inputs(base, chosen)
    count = [lambda s=s, n=n: undisturbed(s, base / "work" / f"alone{n}") for n, s in enumerate(chosen)]
    alone = in_parallel(count, base / "alone")
    roots = [math.sqrt(len(one["calls"])) for one in alone]
    rng, works = random.Random(seed), []
    for scene, one, root in zip(chosen, alone, roots, strict=True):
        many = [math.ceil(total * root / sum(roots)) for total in (faults, kills)]
        for fault in plan(scene, one["calls"], *many, rng):
            folder = base / "work" / str(len(works))
            works.append(lambda s=scene, f=fault, o=one, d=folder: inject(s, f, o["made"], o["code"], d))
    calls_made = {scene.name: len(one["calls"]) for scene, one in zip(chosen, alone, strict=True)}
    told = {"calls": calls_made, "injected": in_parallel(works, base / "injected")}
    report.write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    base, report, faults, kills, seed, *names = sys.argv[1:]
    main(Path(base), Path(report), int(faults), int(kills), int(seed), names)
