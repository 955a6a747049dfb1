"""What is handed in: the same run gives the same file, and a row, metric or picture that was changed is refused."""

import hashlib
import io
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fake_runs import finished_run
from resealed import reseal

from sambench.cli import dispatch
from sambench.errors import SambenchError
from sambench.pages.leaderboard.checking import check_rows, check_submission, difference
from sambench.pages.leaderboard.submission import MANIFEST, open_submission
from sambench.runs.open import load_run
from sambench.runs.seals import sealed
from sambench.types import Metric


def parts_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path, parts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def resealed(parts, **record):
    """Return the parts of a file with every hash made again, as somebody would who wants to be believed."""
    told = {**json.loads(parts["run.json"]), **record}
    told["files"]["rows.parquet"] = hashlib.sha256(parts["rows.parquet"]).hexdigest()
    parts = {**parts, "run.json": json.dumps(sealed(told)).encode()}
    manifest = json.loads(parts.pop(MANIFEST))
    manifest["files"] = {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}
    return {MANIFEST: json.dumps(sealed(manifest)).encode(), **parts}


def changed_rows(content, change):
    rows = pq.read_table(io.BytesIO(content)).to_pylist()
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(change(rows)), buffer)
    return buffer.getvalue()


def refused(path, tmp_path):
    with pytest.raises(SambenchError) as raised:
        check_submission(path, tmp_path / "scratch")
    return str(raised.value)


def test_a_run_goes_and_comes_back_whole(runs, submission, tmp_path, capsys):
    own, run = check_submission(submission, tmp_path)
    assert (own.by, own.url) == ("A. Person", "https://example.org/paper")
    assert str(run.metrics) == str(runs["sobel"].metrics)  # six images have no intervals, and NaN is not NaN
    assert run.rows() == runs["sobel"].rows()
    assert len(list((run.folder / "pictures").rglob("*.png"))) == 4  # two images, a picture of each kind
    again = tmp_path / "again.submission.zip"
    words = ["by=A. Person", "url=https://example.org/paper", f"out={again}"]
    assert dispatch(["leaderboard", "submit", str(runs["sobel"].folder), *words]) == 0
    assert again.read_bytes() == submission.read_bytes()
    whole = b"".join(parts_of(submission).values())
    assert str(runs["sobel"].folder.parent).encode() not in whole
    assert dispatch(["leaderboard", "check", str(submission), str(again)]) == 0
    assert capsys.readouterr().out.count("follow from its rows") == 2


def test_a_picture_that_was_changed_is_refused(submission, tmp_path):
    parts = parts_of(submission)
    name = next(name for name in parts if name.startswith("pictures/"))
    parts[name] = parts[name][:-1] + b"x"
    path = write(tmp_path / "a.submission.zip", parts)
    assert f"{name} is not what was handed in" in refused(path, tmp_path)
    parts[name] = b"\x89PNG\r\n\x1a\n" + b"x" * 40
    assert "cannot be read" in refused(write(path, resealed(parts)), tmp_path)


def test_a_row_that_was_changed_is_refused_even_with_all_hashes_made_again(submission, tmp_path):
    def better(rows):
        rows[0]["cnt_r"] = list(rows[0]["sum_r"])
        return rows

    parts = parts_of(submission)
    parts["rows.parquet"] = changed_rows(parts["rows.parquet"], better)
    path = write(tmp_path / "a.submission.zip", parts)
    assert "rows.parquet is not what was handed in" in refused(path, tmp_path)
    assert "does not follow from the rows" in refused(write(path, resealed(parts)), tmp_path)


def test_a_row_that_was_left_out_is_refused(submission, tmp_path):
    parts = parts_of(submission)
    parts["rows.parquet"] = changed_rows(parts["rows.parquet"], lambda rows: rows[1:])
    path = write(tmp_path / "a.submission.zip", resealed(parts))
    assert "5 samples that are not those the run says it scored (6)" in refused(path, tmp_path)


@pytest.mark.parametrize("change", [{"value": 0.999}, {"ci95": [0.9, 0.95]}, {"n": 200}])
def test_a_metric_that_was_changed_is_refused(submission, tmp_path, change):
    parts = parts_of(submission)
    metrics = json.loads(parts["run.json"])["metrics"]
    metrics["ods"] = {**metrics["ods"], **change}
    path = write(tmp_path / "a.submission.zip", resealed(parts, metrics=metrics))
    assert "ods does not follow from the rows" in refused(path, tmp_path)
    assert dispatch(["leaderboard", "check", str(path)]) == 1


def test_a_metric_that_was_added_is_refused(submission, tmp_path):
    parts = parts_of(submission)
    metrics = json.loads(parts["run.json"])["metrics"]
    path = write(tmp_path / "a.submission.zip", resealed(parts, metrics={**metrics, "best": metrics["ods"]}))
    assert "not those that the rows give: best" in refused(path, tmp_path)


@pytest.mark.parametrize(
    "name", ["../out.png", "pictures/../../out.png", "/pictures/a.png", "pictures/.a.png", "run.sh", "pictures/a.svg"]
)
def test_what_would_leave_its_folder_or_is_unknown_is_refused(submission, tmp_path, name):
    path = write(tmp_path / "a.submission.zip", {**parts_of(submission), name: b"x"})
    assert "holds a file that none has" in refused(path, tmp_path)
    assert not (tmp_path / "scratch").exists()


def test_files_that_are_damaged_too_large_or_of_another_kind_are_refused(submission, tmp_path, monkeypatch):
    content = submission.read_bytes()
    path = tmp_path / "a.submission.zip"
    for damaged in (content[:100], b"", b"text", content[: len(content) // 2]):
        path.write_bytes(damaged)
        assert "no submission, or is damaged" in refused(path, tmp_path)
    parts = parts_of(submission)
    assert "holds no submission.json" in refused(write(path, {"run.json": parts["run.json"]}), tmp_path)
    assert "does not list: pictures/b.png" in refused(write(path, {**parts, "pictures/b.png": b""}), tmp_path)
    less = {name: own for name, own in parts.items() if name != "rows.parquet"}
    assert "lacks rows.parquet" in refused(write(path, less), tmp_path)
    newer = json.dumps(sealed({"schema_version": 99})).encode()
    assert "upgrade sambench" in refused(write(path, {**parts, MANIFEST: newer}), tmp_path)
    for hostile in ({"url": "javascript:alert(1)"}, {"by": 3}, {"files": []}):
        told = json.dumps(sealed({**json.loads(parts[MANIFEST]), **hostile})).encode()
        assert "is not what a submission holds" in refused(write(path, {**parts, MANIFEST: told}), tmp_path)
    monkeypatch.setattr("sambench.pages.leaderboard.submission.LARGEST", 1000)
    assert "larger than" in refused(submission, tmp_path)


def test_a_task_that_is_not_registered_runs_no_code(submission, tmp_path):
    parts = parts_of(submission)
    config = json.loads(parts["run.json"])["config"]
    config["task"]["name"] = "os:getcwd"
    path = write(tmp_path / "a.submission.zip", resealed(parts, config=config))
    assert "os:getcwd" in refused(path, tmp_path)


@pytest.mark.parametrize("words", [["by=x"], ["RUN"], ["RUN", "by=x", "url=ftp://x"], ["RUN", "by=x", "out=a.zip"]])
def test_wrong_words_are_refused(runs, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = [str(runs["sobel"].folder) if word == "RUN" else word for word in words]
    with pytest.raises(SambenchError):
        dispatch(["leaderboard", "submit", *given])
    with pytest.raises(SambenchError, match="no file was given"):
        dispatch(["leaderboard", "check", "file=a"])


def test_undefined_numbers_are_alike():
    nan = float("nan")
    one = Metric(nan, (nan, nan), 3)
    assert difference(one, Metric(nan, (nan, nan), 3)) == ""
    assert "nan is told" in difference(one, Metric(0.5, (nan, nan), 3))
    assert "interval" in difference(one, Metric(nan, None, 3))


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SambenchError, match="cannot be read"):
        open_submission(tmp_path / "none.submission.zip", tmp_path)


def test_images_without_objects_have_no_rows_of_clicks(tmp_path):
    rows = [(name, {"object": "0", "clicks": 1, "iou": 0.5}) for name in ("a", "b")]
    finished_run(tmp_path / "run", "points", {}, rows=rows, data={"samples": 3})

    def whole(record):
        record["identity"]["data"] = {"samples": 3, "keys_sha256": "k"}
        record["model"] |= {"fingerprint": "f", "missing_means": "empty"}
        record["counts"] = {"rows": 2}

    reseal(tmp_path / "run", whole)
    run = load_run(tmp_path / "run")
    run.rows = lambda: [{"sample_id": name} for name, _ in rows]
    check_rows(run, tmp_path)
    run.rows = lambda: [{"sample_id": "a"}]
    with pytest.raises(SambenchError, match="1 samples that are not those"):
        check_rows(run, tmp_path)
