"""Watch the memory of every process of a long run with a real model of the smallest SAM configuration.

Usage: python tests/benchmarks/memory.py FOLDER [images=20000] [figure=FILE.svg] [key=value of the run ...]

Writes small generated images with id labels and a tiny SAM of random weights below FOLDER (once), runs task points on
them in a process of its own, notes the resident memory of it and of each of its workers every second, and prints each
process's memory at every tenth of the run. Linux only: it reads /proc.
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
    """Return process id -> (name, resident MB) of a process and all its descendants."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except (OSError, ValueError):
            continue
        if "VmRSS" in fields:
            parents[int(status.parent.name)] = int(fields["PPid"]), int(fields["VmRSS"].split()[0]) / 1024
    family = {process}
    while new := {pid for pid, (parent, _) in parents.items() if parent in family} - family:
        family |= new
    return {pid: parents[pid][1] for pid in family if pid in parents}


def watch(folder, words):
    """Run the task and return (seconds, images done, {process: MB}) every second."""
    run = folder / "run"
    command = [sys.executable, "-m", "sambench.cli", "run", "task=points", "data=generic", f"data.root={folder}"]
    command += ["model=sam", f"model.checkpoint={folder / 'model'}", "task.clicks=[1]", f"run.dir={run}"]
    command += ["run.overwrite=true", f"cache.dir={folder / 'cache'}", "progress=off", "illustrate=0", *words]
    seen, start = [], time.perf_counter()
    process = subprocess.Popen(command)
    while process.poll() is None:
        time.sleep(1)
        journal = run / "rows.jsonl"
        done = 0
        if journal.exists():
            with journal.open("rb") as file:
                done = sum(1 for _ in file)
        seen.append((time.perf_counter() - start, done, resident_mb(process.pid)))
    if process.returncode:
        sys.exit(process.returncode)
    return seen


def draw(seen, path):
    """Draw each process's memory over the run."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "sambench"
    figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    driver = min(seen[0][2])
    for pid in sorted({pid for _, _, memory in seen for pid in memory}):
        points = [(done, memory[pid]) for _, done, memory in seen if pid in memory]
        if len(points) < len(seen) / 4:
            continue
        axes.plot(*zip(*points, strict=True), lw=2 if pid == driver else 1, label="driver" if pid == driver else None)
    axes.set(xlabel="images done", ylabel="resident memory, MB", ylim=(0, None))
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


def main():
    folder = Path(sys.argv[1])
    given = dict(word.split("=", 1) for word in sys.argv[2:])
    images, figure = int(given.pop("images", 20000)), given.pop("figure", None)
    if not (folder / "labels").exists():
        make(folder, images)
    seen = watch(folder, [f"{key}={value}" for key, value in given.items()])
    with (folder / "memory.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["seconds", "images", "process", "resident_mb"])
        for seconds, done, memory in seen:
            table.writerows([round(seconds, 1), done, pid, round(mb, 1)] for pid, mb in memory.items())
    for step in seen[:: max(1, len(seen) // 10)]:
        print(f"{step[0]:7.0f} s {step[1]:7d} images ", {pid: round(mb) for pid, mb in sorted(step[2].items())})
    if figure:
        draw(seen, figure)


if __name__ == "__main__":
    main()
