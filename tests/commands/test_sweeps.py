import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
import yaml
from toys import environment, write_bsds

from sambench.config import registry
from sambench.runs.open import load_run, run_locations


def installed(package):
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


needs_submitit = pytest.mark.skipif(not installed("hydra-submitit-launcher"), reason="sambench[slurm] is not installed")
needs_ray = pytest.mark.skipif(not installed("hydra-ray-launcher"), reason="sambench[ray-sweeps] is not installed")


def sweep(root, folder, *words, results="swept"):
    fixed = ["task=edges", "data=bsds500", f"data.root={root}", "model.name=toys:ToyModel", "task.grid=3"]
    fixed += [
        "task.thresholds=5",
        "workers=0",
        "device=cpu",
        "illustrate=0",
        f"run.results={results}",
        "cache.dir=cache",
    ]
    command = [sys.executable, "-m", "sambench.cli", "run", "--multirun", *words, *fixed]
    folder.mkdir(exist_ok=True)
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=300)


def members(folder):
    return {path.parent.name: json.loads(path.read_text()) for path in (folder / "swept/edges").glob("*/run.json")}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_bsds(tmp_path_factory.mktemp("data"), count=2)


@pytest.mark.slow
@needs_submitit
def test_members_run_in_processes_of_their_own_and_are_resumed_alone(root, tmp_path):
    done = sweep(root, tmp_path, "+cluster=local", "task.nms_iou=0.5,0.9")
    assert done.returncode == 0, done.stderr
    found = members(tmp_path)
    assert sorted(record["switches"]["nms_iou"] for record in found.values()) == [0.5, 0.9]
    assert all(record["status"] == "finished" for record in found.values())
    name = next(name for name, record in found.items() if record["switches"]["nms_iou"] == 0.9)
    folder = tmp_path / "swept/edges" / name
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    assert sweep(root, tmp_path, "task.nms_iou=0.9").returncode == 0
    again = members(tmp_path)
    assert again[name]["metrics"] == found[name]["metrics"]
    other = next(key for key in found if key != name)
    assert again[other] == found[other]


@pytest.mark.slow
@needs_submitit
def test_an_error_in_a_member_is_told_without_a_traceback_and_the_rest_is_run(root, tmp_path):
    done = sweep(root, tmp_path, "+cluster=local", "task.nms_iou=wide,0.9")
    assert done.returncode == 2
    assert "task.nms_iou is 'wide', but takes a number" in done.stderr
    assert "Traceback" not in done.stderr
    assert [record["switches"]["nms_iou"] for record in members(tmp_path).values()] == [0.9]


@pytest.mark.slow
def test_a_sweep_goes_to_a_url(root, tmp_path):
    url = f"file://{tmp_path}/there"
    done = sweep(root, tmp_path / "here", "task.nms_iou=0.5,0.9", results=url)
    assert done.returncode == 0, done.stderr
    assert sorted(load_run(place).record["switches"]["nms_iou"] for place in run_locations(url)) == [0.5, 0.9]
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == ["cache", "results"]


@pytest.mark.slow
@needs_ray
def test_members_run_as_ray_tasks(root, tmp_path):
    done = sweep(root, tmp_path, "+cluster=ray", "task.nms_iou=0.5,0.9")
    assert done.returncode == 0, done.stderr
    assert sorted(record["switches"]["nms_iou"] for record in members(tmp_path).values()) == [0.5, 0.9]


@pytest.mark.slow
@pytest.mark.skipif(installed("hydra-submitit-launcher"), reason="sambench[slurm] is installed")
def test_a_launcher_that_is_not_installed_is_told(root, tmp_path):
    done = sweep(root, tmp_path, "+cluster=slurm", "task.nms_iou=0.5,0.9")
    assert done.returncode == 2
    assert "sambench[slurm]" in done.stderr
    assert "Traceback" not in done.stderr


def test_ready_settings_choose_a_launcher_and_keep_logs_beside_the_runs():
    import sambench.configs

    assert set(registry.options("cluster")) == {"local", "ray", "slurm"}
    for name in registry.options("cluster"):
        text = (Path(sambench.configs.__file__).parent / "cluster" / f"{name}.yaml").read_text()
        settings = yaml.safe_load(text)
        assert text.startswith("# @package _global_\n")
        assert "override /hydra/launcher" in settings["defaults"][0]
