"""A script that starts its run when it is imported is told so at once; its worker processes would run it again."""

import subprocess
import sys

import pytest
from toys import environment, write_bsds

SCRIPT = """
import sambench

{guard}
run = sambench.run("edges", data="bsds500", overrides=["data.root=data", "model.name=toys:ToyModel", "task.grid=2",
    "task.thresholds=5"{more}], limit=2, workers={workers}, progress="off", illustrate=0, device="cpu",
    run={{"dir": "run"}}, cache={{"enabled": False}})
{end}
"""
DEVICES = ', "devices=[cpu,cpu]"'


def start(tmp_path, script):
    (tmp_path / "mine.py").write_text(script)
    write_bsds(tmp_path / "data", count=2)
    command = [sys.executable, "mine.py"]
    return subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(("more", "workers"), [(DEVICES, 1), pytest.param("", 2, marks=pytest.mark.slow)])
def test_one_sentence_and_exit_2(tmp_path, more, workers):
    done = start(tmp_path, SCRIPT.format(guard="", end="print('went on')", more=more, workers=workers))
    assert done.returncode == 2
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert lines == [
        "sambench: the script starts its run when it is imported, as each worker process does before it works",
        f"  where: {tmp_path / 'mine.py'}",
        '  mend:  put the call below `if __name__ == "__main__":`, or keep to one process (workers=0, devices=null)',
    ]


@pytest.mark.parametrize(("more", "workers"), [pytest.param(DEVICES, 1, marks=pytest.mark.slow), ("", 0)])
def test_scripts_with_a_guard_and_those_of_one_process_run(tmp_path, more, workers):
    text = SCRIPT.format(guard="def main():", end="", more=more, workers=workers) if more else ""
    text = text.replace("\nrun =", "\n    run =") + "\nif __name__ == '__main__':\n    main()\n"
    if not more:
        text = SCRIPT.format(guard="", end="print(run.finished)", more=more, workers=workers)
    done = start(tmp_path, text)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "run" / "rows.parquet").exists()
