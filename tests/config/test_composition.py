"""The configuration composes beside other users of Hydra, and leaves what they hold as it was."""

import subprocess
import sys
import threading

import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir, version
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin
from toys import environment

import sambench
from sambench.api.calls import compose
from sambench.errors import UsageError

WORDS = ["task=points", "data=mini", "limit=3"]


@pytest.fixture
def library(tmp_path):
    """A library that initialises Hydra when it is imported, as sam2 does."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "config.yaml").write_text("mine: 1\n")
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(tmp_path / "app"), version_base="1.2"):
        yield


def test_another_library_initialised_hydra(library):
    before = GlobalHydra.instance().hydra
    config = compose(WORDS)
    assert config["task"]["name"] == "points"
    assert config["limit"] == 3
    assert "hydra" not in config
    assert GlobalHydra.instance().hydra is before
    assert str(version.getbase()) == "1.2"
    assert hydra_compose("config") == {"mine": 1}


def test_nothing_stays_behind():
    GlobalHydra.instance().clear()
    found = list(Plugins.instance().discover(SearchPathPlugin))
    assert compose(WORDS) == compose(WORDS)
    assert not GlobalHydra.instance().is_initialized()
    assert list(Plugins.instance().discover(SearchPathPlugin)) == found


def test_a_refused_override_leaves_hydra_as_it_was(library):
    before = GlobalHydra.instance().hydra
    with pytest.raises(UsageError):
        compose(["task=points", "no_such_key=1"])
    assert GlobalHydra.instance().hydra is before
    assert str(version.getbase()) == "1.2"


def test_threads(library):
    found = {}

    def work(limit):
        found[limit] = compose(["task=edges", f"limit={limit}"])["limit"]

    threads = [threading.Thread(target=work, args=(limit,)) for limit in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {limit: limit for limit in range(8)}
    assert hydra_compose("config") == {"mine": 1}


@pytest.mark.slow
def test_run_in_a_thread_beside_another_library(library, tmp_path):
    runs = []

    def work():
        runs.append(
            sambench.run(
                "points",
                overrides=["task.clicks=[1]", f"run.dir={tmp_path / 'out'}", "cache.enabled=false"],
                limit=1,
                workers=0,
                progress="off",
                illustrate=0,
            )
        )

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert runs[0].finished


APP = """
import hydra
from omegaconf import DictConfig

import sambench


@hydra.main(version_base="1.3", config_path=None)
def main(config: DictConfig) -> None:
    from hydra.core.hydra_config import HydraConfig

    for name in ("first", "second"):
        run = sambench.run("points", overrides=["task.clicks=[1]", f"run.dir={name}", "cache.enabled=false"],
                           limit=1, workers=0, progress="off", illustrate=0)
        print(name, run.finished, HydraConfig.get().job.name)


if __name__ == "__main__":
    main()
"""

FORK = """
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

if not GlobalHydra.instance().is_initialized():
    initialize_config_dir(str(Path(__file__).parent / "fork"), version_base="1.2")


def build():
    compose("fork")
    return object()
"""


@pytest.mark.slow
def test_inside_an_application_of_ones_own(tmp_path):
    (tmp_path / "app.py").write_text(APP)
    done = subprocess.run(
        [sys.executable, "app.py", "hydra.run.dir=own"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    said = [line for line in done.stdout.splitlines() if not line.startswith("[")]  # generated data may be logged
    assert said[:2] == ["first True app", "second True app"], done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("words", [[], ["--multirun"]])
def test_a_factory_that_initialises_hydra_itself(tmp_path, words):
    (tmp_path / "fork").mkdir()
    (tmp_path / "fork" / "fork.yaml").write_text("mine: 1\n")
    (tmp_path / "my_fork.py").write_text(FORK)
    done = subprocess.run(
        [sys.executable, "-m", "sambench.cli", "run", *words, "task=points", "model=official",
         "model.factory=my_fork:build", "workers=0"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert "returned a object without set_image" in done.stderr
