"""Weak scaling: one worker on N images against two workers on 2 N, several times in turn.

Usage: python tests/benchmarks/weak_scaling.py FOLDER images=40 rounds=3 [key=value of the run ...]

Runs the command `sambench run` with `devices=[cpu]` and `devices=[cpu,cpu]`, both with `workers=1` unless told else,
with an embedding cache that starts empty, and prints for each round the seconds from the first to the last sample, what
each stage cost an image and the workers' idle share; last the efficiency, which is the first time over the second.
Where there are fewer processors than processes, they share them: the figures say what that costs too.
"""

import json
import shutil
import statistics
import subprocess
import sys
from pathlib import Path


def measure(folder, devices, images, words):
    """Run once; returns the record of the run."""
    shutil.rmtree(folder, ignore_errors=True)
    own = [f"devices=[{','.join(['cpu'] * devices)}]", f"limit={images}", f"run.dir={folder / 'run'}"]
    own += [f"cache.dir={folder / 'cache'}", "progress=off", "illustrate=0"]
    own += [] if any(word.startswith("workers=") for word in words) else ["workers=1"]
    command = [sys.executable, "-m", "sambench.cli", "run", *words, *own]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads((folder / "run" / "run.json").read_text())


def main():
    folder, words = Path(sys.argv[1]), sys.argv[2:]
    own = dict(word.split("=", 1) for word in words if word.startswith(("images=", "rounds=")))
    words = [word for word in words if not word.startswith(("images=", "rounds="))]
    images, rounds = int(own.get("images", 40)), int(own.get("rounds", 3))
    walls = {1: [], 2: []}
    for _ in range(rounds):
        for devices in walls:
            record = measure(folder, devices, images * devices, words)
            stages = {name: round(told["per_image"], 4) for name, told in record["timings"].items()}
            walls[devices].append(record["timings"]["wall"]["seconds"])
            idle = [round(worker["idle_share"], 2) for worker in record["workers"]]
            print(f"{devices} worker(s), {images * devices} images: {walls[devices][-1]:.1f} s, idle {idle}, {stages}")
    one, two = (statistics.median(walls[devices]) for devices in (1, 2))
    print(
        f"median {one:.1f} s and {two:.1f} s: efficiency {one / two:.2f}, {2 * one / two:.2f} times the images a second"
    )


if __name__ == "__main__":
    main()
