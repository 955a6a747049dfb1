import os
from pathlib import Path

import pytest
from hypothesis import settings

from sambench.datasets.mini.reader import ensure_mini
from sambench.files.paths import cache_root

if "PYTEST_XDIST_WORKER" in os.environ:  # torch's threads wait busily, and the workers have the cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Each test has a cache folder of its own; loops are compiled once for all of them and their processes.
os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_root() / "kernels"))

# How long an example takes says how busy the machine is.
settings.register_profile("any time", deadline=None)
settings.load_profile("any time")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    """Keep tests away from the user's cache and data; generated data is made once for all worker processes."""
    monkeypatch.setenv("SAMBENCH_CACHE", str(_shared(tmp_path_factory) / "cache"))
    monkeypatch.delenv("SAMBENCH_DATA", raising=False)


def _shared(tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def mini(tmp_path_factory):
    """The folder of the generated data, made once for all worker processes; it is only read."""
    return ensure_mini(_shared(tmp_path_factory) / "cache")


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Choose the machine, each with a disk of its own, that what follows happens on."""

    def on(name):
        monkeypatch.setenv("SAMBENCH_CACHE", str(tmp_path / name))

    on("first")
    return on


@pytest.fixture(scope="session")
def real_data():
    """The folder of real data, where the machine has it."""
    folder = os.environ.get("SAMBENCH_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("SAMBENCH_TEST_DATA does not name a folder of real data")
    return Path(folder)
