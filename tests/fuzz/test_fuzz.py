"""Damaged files of every format: one sentence each, no traceback and no signal. Seeded, so a failure comes again."""

import collections
import json
import subprocess
import sys

import fuzz_driver
import fuzz_formats
import pytest

NAMES = list(fuzz_formats.formats())


def fuzzed(folder, seed, count, names):
    """Give commands `count` inputs of each format; returns what happened, one entry an input.

    A driver that dies is started again behind the input that killed it, which is told as a trouble.
    """
    report, found = folder / "report.jsonl", []
    report.touch()
    while len(found) < count * len(names):
        words = [folder, report, seed, len(found), count, *names]
        command = [sys.executable, fuzz_driver.__file__, *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        lines = [json.loads(line) for line in report.read_text().splitlines()]
        found = [line for line in lines if "begun" not in line]
        if done.returncode:
            assert lines, done.stderr[-3000:]
            assert "begun" in lines[-1], done.stderr[-3000:]
            name, number = lines[-1]["begun"]
            told = {"format": name, "number": number, "code": done.returncode, "text": done.stderr[-3000:]}
            with report.open("a") as file:
                print(json.dumps({**told, "troubles": [f"the process ended with {done.returncode}"]}), file=file)
            found.append(told | {"troubles": ["the process ended"]})
    return [json.loads(line) for line in report.read_text().splitlines() if '"begun"' not in line]


def check(found):
    """Check that every input ended well."""
    bad = [one for one in found if one["troubles"]]
    kinds = collections.Counter((one["format"], *one["troubles"], one["text"].strip()[-200:]) for one in bad)
    assert not bad, json.dumps([[count, *kind] for kind, count in kinds.most_common()], indent=1) + json.dumps(bad[:3])


def test_a_few_inputs_of_every_format(tmp_path):
    found = fuzzed(tmp_path, 1, 1, NAMES)
    check(found)
    assert {one["code"] for one in found} >= {0, 2}  # some changes do no harm, some are refused


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_many_inputs_of_every_format(tmp_path, part):
    """2,500 inputs in all: `pytest -s -m slow tests/fuzz` prints how they ended."""
    names = NAMES[part::4]
    found = fuzzed(tmp_path, 2, -(-2500 // len(NAMES)), names)
    print(f"\n{len(found)} inputs ended with", dict(collections.Counter(one["code"] for one in found)))
    check(found)
