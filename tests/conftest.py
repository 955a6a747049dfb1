import os
from pathlib import Path

import pytest
from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:  # torch's threads wait busily, and the workers have the cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes says how busy the machine is.
settings.register_profile("any time", deadline=None)
settings.load_profile("any time")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    """Keep tests away from the user's cache and data; generated data is made once for all worker processes."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    monkeypatch.setenv("SAMBENCH_CACHE", str(base / "cache"))
    monkeypatch.delenv("SAMBENCH_DATA", raising=False)


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
