"""What the package is installed by: its archives, image, recipe and release workflow say the same as pyproject.toml."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from shutil import which

import pytest
import yaml

import sambench

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NAMES = {"huggingface-hub": "huggingface_hub", "matplotlib": "matplotlib-base", "torch": "pytorch"}
"""What conda-forge calls packages of PyPI."""


def beside(name):
    """A program of this environment, else of the machine."""
    own = Path(sys.executable).parent / name
    return str(own) if own.exists() else which(name)


def test_every_extra_is_in_the_page_and_the_page_has_no_other():
    rows = re.findall(r"^\| (`[^|]+`) \|", (ROOT / "docs" / "install.md").read_text(), re.MULTILINE)
    named = {extra for row in rows for extra in re.findall(r"`([\w-]+)`", row)}
    assert named == set(PROJECT["optional-dependencies"])


def recipe():
    return yaml.safe_load((ROOT / "packaging" / "recipe.yaml").read_text())


def test_the_recipe_asks_for_what_the_package_asks_for():
    parts = [re.fullmatch(r"([\w-]+)(.*)", one).groups() for one in PROJECT["dependencies"]]
    wanted = {f"{NAMES.get(name, name)} {bounds}" for name, bounds in parts if name != "hotcoco"}
    assert set(recipe()["requirements"]["run"]) == {f"python {PROJECT['requires-python']}", *wanted}
    assert recipe()["context"]["version"] == sambench.__version__


def test_the_recipe_renders():
    rattler_build = pytest.importorskip("rattler_build")
    read = rattler_build.Stage0Recipe.from_file(str(ROOT / "packaging" / "recipe.yaml"))
    (variant,) = read.render(rattler_build.VariantConfig())
    assert sambench.__version__ in str(variant.recipe.package.version)


def test_the_image_has_no_fault_that_hadolint_knows():
    if (hadolint := beside("hadolint")) is None:
        pytest.skip("no hadolint on this machine")
    done = subprocess.run(
        [hadolint, "--failure-threshold", "warning", str(ROOT / "packaging" / "Dockerfile")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_the_release_holds_no_secret_and_one_job_may_publish():
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text()
    workflow = yaml.safe_load(text)
    assert "secrets." not in text
    assert workflow["permissions"] == {"contents": "read"}
    allowed = {name: job.get("permissions", {}) for name, job in workflow["jobs"].items()}
    assert allowed == {"build": {}, "publish": {"id-token": "write"}}


@pytest.mark.parametrize(("tag", "code"), [(f"v{sambench.__version__}", 0), ("v99.0", 1)])
def test_a_tag_of_another_version_is_not_released(tag, code):
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    (check,) = [step["run"] for step in workflow["jobs"]["build"]["steps"] if "GITHUB_REF_NAME" in step.get("run", "")]
    assert subprocess.run(["bash", "-c", check], cwd=ROOT, env={"GITHUB_REF_NAME": tag}).returncode == code


@pytest.mark.slow
def test_the_source_archive_makes_the_same_wheel_as_the_checkout(tmp_path):
    pytest.importorskip("build")
    copy = tmp_path / "checkout"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in files.rstrip("\0").split("\0"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "build", "--no-isolation"]
    subprocess.run([*build, "--outdir", tmp_path / "one", copy], check=True, capture_output=True)
    subprocess.run([*build, "--wheel", "--outdir", tmp_path / "two", copy], check=True, capture_output=True)
    (source,) = (tmp_path / "one").glob("*.tar.gz")
    names = [zipfile.ZipFile(next((tmp_path / place).glob("*.whl"))).namelist() for place in ("one", "two")]
    assert sorted(names[0]) == sorted(names[1])
    assert "sambench/configs/config.yaml" in names[0]
    with tarfile.open(source) as archive:
        assert any(name.endswith("tasks/edges.py") for name in archive.getnames())
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *map(str, (tmp_path / "one").iterdir())],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
