"""Runs that are compared to the byte, and what it means that two are the same."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor

from tiny_sams import tiny_model


def both_models(folder):
    """Return the words of a run of the embedded model and of one of a tiny SAM, encoded two at a time, on the CPU."""
    tiny_model("sam").save_pretrained(folder / "model")
    cache = f"cache.dir={folder / 'cache'}"
    sam = ["task=points", "limit=12", "model=sam", f"model.checkpoint={folder / 'model'}", "model.encode_batch_size=2"]
    return ["task=edges", "limit=8", cache], [*sam, "task.clicks=[1,2]", cache]


def same(one, other, pictures=True):
    """Compare rows, identity, metrics, predictions and, if asked, pictures, to the byte."""
    assert (one.folder / "rows.parquet").read_bytes() == (other.folder / "rows.parquet").read_bytes()
    assert one.record["identity"] == other.record["identity"]
    assert one.record["metrics"] == other.record["metrics"]
    files = [_files(run, pictures) for run in (one, other)]
    assert sorted(files[0]) == sorted(files[1]) != []
    assert all(files[0][name].read_bytes() == files[1][name].read_bytes() for name in files[0])


def _files(run, pictures):
    folders = [run.predictions, *([run.folder / "pictures"] if pictures else [])]
    found = [path for folder in folders for path in folder.rglob("*")]
    return {path.relative_to(run.folder): path for path in found if path.is_file()}


def kill_meanwhile(start, alone, kill, chance, kills):
    """Run again and again while something is killed at random moments, and compare each run with one left alone.

    Args:
        start: Makes run number n, in a thread, as Ray adds nodes in the main one only.
        alone: The run that was left alone.
        kill: Kills something, if there is something to kill; returns how much.
        chance: A random generator.
        kills: How much is to be killed.
    """
    numbers, killed = itertools.count(), 0
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(start, next(numbers))
        while killed < kills:
            if running.done():
                same(alone, running.result())
                number = next(numbers)
                assert number < 40
                running = thread.submit(start, number)
            time.sleep(chance.uniform(1, 5))
            killed += kill()
        same(alone, running.result())
