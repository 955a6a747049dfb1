"""Watch the memory of every process of a long run with a real model of the smallest SAM configuration.

Usage: python tests/benchmarks/memory.py FOLDER [images=20000] [out=FILE.csv] [key=value of the run ...]
       python tests/benchmarks/memory.py draw OUT.svg TITLE=FILE.csv [TITLE=FILE.csv ...]

Writes small generated images with id labels and a tiny SAM of random weights below FOLDER (once), runs task points on
them in a process of its own, notes the resident memory of it and of each of its workers every second, and prints each
process's memory at every tenth of the run. The second form draws such files side by side. Linux only: it reads /proc.
"""

import csv
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
SIZE = (96, 128)
DISCS = 2


def make(folder, images):
    """Write images of noise with brighter discs, their id labels, and the model's folder."""
    from tiny_sams import tiny_model

    tiny_model("sam").save_pretrained(folder / "model")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    for number in range(images):
        labels = np.zeros(SIZE, np.uint8)
        for disc in range(1, DISCS + 1):
            cy, cx, radius = rng.uniform(10, SIZE[0] - 10), rng.uniform(10, SIZE[1] - 10), rng.uniform(6, 20)
            labels[(y - cy) ** 2 + (x - cx) ** 2 < radius**2] = disc
        pixels = rng.integers(0, 128, (*SIZE, 3), np.uint8) + 100 * (labels > 0)[:, :, None].astype(np.uint8)
        for kind, array in (("images", pixels), ("labels", labels)):
            path = folder / kind / f"{number // 1000:02d}" / f"{number:06d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(path, compress_level=1)


def resident_mb(process):
    """Return (process id, what it is) -> resident MB of a process and all its descendants."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
            command = (status.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, ValueError):
            continue
        if "VmRSS" in fields:
            parents[int(status.parent.name)] = int(fields["PPid"]), int(fields["VmRSS"].split()[0]) / 1024, command
    family = {process}
    while new := {pid for pid, (parent, *_) in parents.items() if parent in family} - family:
        family |= new
    return {(pid, kind(pid, process, parents[pid][2])): parents[pid][1] for pid in family if pid in parents}


def kind(pid, driver, command):
    """Say in a word what a process is, from its command line."""
    if pid == driver:
        return "driver"
    if command.startswith("ray::"):
        return command.split()[0].removeprefix("ray::")
    for name in ("gcs_server", "raylet", "spawn_main", "resource_tracker"):
        if name in command:
            return {"spawn_main": "worker"}.get(name, name)
    return Path(command.split()[0]).name if command.split() else "ended"


def watch(folder, words):
    """Run the task and return (seconds, images done, {process: MB}) every second."""
    run = folder / "run"
    command = [sys.executable, "-m", "sambench.cli", "run", "task=points", "data=generic", f"data.root={folder}"]
    command += ["model=sam", f"model.checkpoint={folder / 'model'}", "task.clicks=[1]", f"run.dir={run}"]
    command += ["run.overwrite=true", f"cache.dir={folder / 'cache'}", "progress=off", "illustrate=0", *words]
    seen, start, done = [], time.perf_counter(), 0
    process = subprocess.Popen(command)
    while process.poll() is None:
        time.sleep(1)
        journal = run / "rows.jsonl"
        if journal.exists():  # it is gone when the run is finished
            with journal.open("rb") as file:
                done = sum(1 for _ in file)
        seen.append((time.perf_counter() - start, done, resident_mb(process.pid)))
    if process.returncode:
        sys.exit(process.returncode)
    return seen


def draw(path, files):
    """Draw each process's memory over the time of each run."""
    import matplotlib as mpl
    import pandas as pd
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "sambench", "font.size": 9}):
        figure = Figure(figsize=(4.2 * len(files), 3.2), layout="constrained")
        axes = figure.subplots(1, len(files), sharey=True, squeeze=False)[0]
        for axis, (title, file) in zip(axes, files.items(), strict=True):
            table = pd.read_csv(file)
            for _, own in table.groupby("process", sort=False):  # Ray's workers are called after what they do
                named = own["name"].str.partition(".")[0]
                name = named[~named.isin(["IDLE", "ended"])].mode().get(0, "")
                if len(own) > 5 and own.resident_mb.median() > 100:
                    axis.plot(own.seconds, own.resident_mb, lw=2 if name == "driver" else 1)
                    last = own.iloc[-1]
                    axis.annotate(name, (last.seconds, last.resident_mb), fontsize=6, va="bottom", ha="right")
            ended = table[table.images == table.images.max()].seconds.min()
            axis.axvline(ended, color="0.7", lw=0.8, ls=":")
            axis.annotate("all scored", (ended, 0), rotation=90, fontsize=6, color="0.4", ha="right", va="bottom")
            axis.set(title=f"{title}, {table.images.max():,} images", xlabel="seconds")
            axis.spines[["top", "right"]].set_visible(False)
        axes[0].set_ylabel("resident memory, MB")
        axes[0].set_ylim(0, None)
        figure.savefig(path, metadata={"Date": None})


def main():
    if sys.argv[1] == "draw":
        draw(sys.argv[2], dict(word.rsplit("=", 1) for word in sys.argv[3:]))
        return
    folder = Path(sys.argv[1])
    given = dict(word.split("=", 1) for word in sys.argv[2:])
    images, out = int(given.pop("images", 20000)), Path(given.pop("out", folder / "memory.csv"))
    if not (folder / "labels").exists():
        make(folder, images)
    seen = watch(folder, [f"{key}={value}" for key, value in given.items()])
    with out.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["seconds", "images", "process", "name", "resident_mb"])
        for seconds, done, memory in seen:
            table.writerows([round(seconds, 1), done, pid, name, round(mb, 1)] for (pid, name), mb in memory.items())
    for step in seen[:: max(1, len(seen) // 10)]:
        told = ", ".join(f"{name} {mb:.0f}" for (_, name), mb in sorted(step[2].items()))
        print(f"{step[0]:7.0f} s {step[1]:7d} images: {told} MB")


if __name__ == "__main__":
    main()
