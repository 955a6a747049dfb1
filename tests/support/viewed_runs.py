"""Run folders as the viewer meets them: small real ones, hostile names, a damaged one, one that goes on."""

import json
import shutil

from made_rows import edge_rows
from stored_runs import stored

from sambench.cli import dispatch
from sambench.runs.open import load_run
from sambench.runs.store import RunStore

SCRIPT = "<script>document.title='taken'</script>"
IMAGE = '"><img src=x onerror="document.title=\'taken\'">'


def hostile(folder):
    """Write a finished run whose names are markup."""
    rows = [{**row, "sample_id": f"{IMAGE}{place}"} for place, row in enumerate(edge_rows(8))]
    return stored(folder, "edges", rows, name=SCRIPT)


def going_on(folder, done, total=40):
    """Write a run that has stored some images and goes on; returns its store, which is open."""
    rows = edge_rows(done + 1)
    source = load_run(stored(folder.with_name("source"), "edges", rows, name="slow", data={"samples": total}))
    told = {key: source.record.stored[key] for key in ("model", "config", "switches", "data", "environment")}
    shutil.rmtree(source.folder)
    store = RunStore(folder, source.record.stored["identity"])
    store.start(told)
    for row in rows[:done]:
        store.append(row["sample_id"], [row])
    return store


def real_run(folder, *words):
    """Run a task on the generated data in this process; returns the folder."""
    settings = ["data=mini", "workers=0", "progress=off", "device=cpu", "illustrate=0", f"run.dir={folder}"]
    assert dispatch(["run", *words, *settings]) == 0
    return folder


def contents(folder):
    """Return every file below a folder with its bytes and time, to see that nothing was written."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def damaged(folder):
    """Write a run whose record was changed by hand."""
    path = stored(folder, "edges", edge_rows(2)) / "run.json"
    told = json.loads(path.read_text())
    told["metrics"]["ods"]["value"] = 0.99
    path.write_text(json.dumps(told))
