"""A command that ends soon after it has read a run ends with its own code, not with an abort of a thread of Arrow's."""

import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

READ = "import torch, sys; from sambench.runs.row_checks import read_table; read_table(open(sys.argv[1], 'rb').read())"


@pytest.mark.slow
def test_a_process_that_has_read_rows_ends_with_its_own_code(tmp_path):
    file = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"sample_id": ["a", "b"], "cnt_r": [[1, 2], [3, 4]]}), file)
    codes = [subprocess.run([sys.executable, "-c", READ, str(file)], timeout=120).returncode for _ in range(8)]
    assert codes == [0] * 8
