"""What the host waits for, for every family and task, on devices that are not there (`tests/support/dry_device.py`)."""

import json
import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from tiny_sams import FAMILIES

ROOT = Path(__file__).parents[2]
DECODES = ("decode of points", "decode of boxes", "decode of points and boxes", "decode of points and masks")
ARRIVALS = {
    # Three batches: whether the answers are numbers, their predicted IoU, and the masks with their boxes.
    "generate": 3 * 3,
    # The same of three clicks on five objects in two batches each, and whether the embedding holds numbers.
    "points": 3 * 2 * 3 + 1,
    # Three batches of answers that are numbers, all boxes, the map, and the embedding.
    "edges": 3 + 1 + 1 + 1,
    "proposals": 3 * 3 + 1,
    # Two batches: first and second answers that are numbers, predicted IoU and masks of the second; the embedding.
    "instances": 2 * (2 + 2) + 1,
}


QUICK = ("sam", "sam2")
THERE = tuple(family for family in FAMILIES if family != "edgetam" or find_spec("timm"))
SOME = [pytest.param(one, marks=() if one in QUICK else pytest.mark.slow) for one in THERE]


def in_process(*words):
    """Run Python with the tests' helpers: a device that is made known to torch stays so in its process."""
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "tests" / "support")))
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-W", "ignore", *words], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]


@cache
def run(how, families):
    """Return what `dry_device.py` finds."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        in_process(str(ROOT / "tests" / "support" / "dry_device.py"), how, str(out), *families)
        return json.loads(out.read_text())


def pretended(family):
    return run("pretended", QUICK if family in QUICK else tuple(one for one in THERE if one not in QUICK))[family]


@pytest.mark.parametrize("family", SOME)
def test_the_host_waits_for_results_alone(family):
    found = pretended(family)
    failed = {name: step["error"] + step["trace"] for name, step in found.items() if "error" in step}
    assert not failed
    counts = {name: step["counts"] for name, step in found.items()}
    for name in ("encode", *DECODES):
        assert counts.pop(name) == {}, name
    assert counts == {name: {"arrivals": number} for name, number in ARRIVALS.items()}


@pytest.mark.parametrize("family", SOME)
def test_the_devices_answers_are_the_hosts(family):
    found = pretended(family)
    assert all(step["apart"] < 1e-5 for name, step in found.items() if name not in ARRIVALS)
    assert all(found[name]["apart"] < 0.01 for name in ARRIVALS)


def test_a_stop_and_a_mixture_are_seen():
    """The device itself: what waits is counted, and what lies elsewhere is refused."""
    code = """
import torch
from pretended_device import PretendedDevice, pretended_device
with PretendedDevice() as mode:
    one = torch.arange(4.0).to(pretended_device())
    for stop in (lambda: one.sum().item(), lambda: (one > 1).nonzero(), lambda: one[one > 1], lambda: one.unique(),
                 lambda: bool((one > 1).any()), lambda: one.cpu()):
        mode.counts.clear()
        stop()
        assert mode.counts.total() > 0, stop
    mode.counts.clear()
    assert (one * 2 + 1).max().device == pretended_device() and mode.counts.total() == 0
    for mixed in (lambda: one + torch.ones(4), lambda: torch.cat([one, torch.ones(4)])):
        try:
            mixed()
        except RuntimeError as error:
            assert "of the host" in str(error)
        else:
            raise AssertionError(mixed)
"""
    in_process("-c", code)


WITH_CUDA = pytest.mark.skipif(
    torch.version.cuda is None, reason="torch is built without CUDA here, but not in tests/parity/run.sh"
)


@WITH_CUDA
def test_a_dry_run_on_cuda_meets_neither_a_stop_nor_another_device():
    found = run("fake", THERE)
    assert set(found) == set(THERE)
    failed = {(family, name): step for family, steps in found.items() for name, step in steps.items() if step}
    assert not failed


@WITH_CUDA
def test_a_dry_run_sees_copies_that_wait_stops_and_mixtures():
    code = """
import torch
from dry_device import Fake
with Fake() as mode, torch.inference_mode():
    mode.loading = False
    host = torch.ones(3)
    one = host.to("cuda", non_blocking=True)
    assert (one * 2).device.type == "cuda" and one.to("cpu", non_blocking=True).device.type == "cpu"
    for stop, told in (
        (lambda: host.to("cuda"), "stops host and device"),
        (lambda: one.cpu(), "stops host and device"),
        (lambda: (one > 1).nonzero(), "nonzero"),
        (lambda: one[one > 1], "nonzero"),
        (lambda: one.sum().item(), "_local_scalar_dense"),
        (lambda: one + host, "same device"),
    ):
        try:
            stop()
        except Exception as error:
            assert told in str(error), error
        else:
            raise AssertionError(told)
"""
    in_process("-c", code)
