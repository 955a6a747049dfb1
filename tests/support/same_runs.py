"""What it means that two runs are the same."""


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
