"""Memory, idle share and energy of a run, on counters and an executor that a test writes."""

import sys
from types import SimpleNamespace

import pytest

from sambench.engine import costs
from sambench.engine.costs import EnergyMeter, run_costs
from sambench.engine.executors.base import Ledger


def executor(workers=0, **peaks):
    return SimpleNamespace(ledger=Ledger(peaks=peaks), workers=lambda: [{}] * workers)


def test_models_are_idle_where_none_encodes_or_decodes():
    seconds = {"encode": 3.0, "decode": 1.0, "score": 9.0}
    assert run_costs(seconds, executor(), wall=8.0)["device_idle"] == 0.5
    assert run_costs(seconds, executor(workers=2), wall=8.0)["device_idle"] == 0.75
    assert "device_idle" not in run_costs({"read": 1.0, "score": 9.0}, executor(), wall=8.0)


def test_the_most_memory_of_any_process_counts():
    found = run_costs({}, executor(host=2**60, device=7), wall=1.0)
    assert found == {"peak_host": 2.0**60, "peak_device": 7.0}
    assert run_costs({}, executor(), wall=1.0)["peak_host"] > 1e7  # this process's own


def write(folder, name, microjoules, most=None):
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "energy_uj").write_text(f"{microjoules}\n")
    if most is not None:
        (folder / name / "max_energy_range_uj").write_text(f"{most}\n")


def test_energy_of_all_packages_is_counted_over_the_end_of_a_counter(tmp_path, monkeypatch):
    monkeypatch.setattr(costs, "_POWERCAP", tmp_path)
    write(tmp_path, "intel-rapl:0", 5_000_000, most=9_000_000)
    write(tmp_path, "intel-rapl:1", 1_000_000)
    write(tmp_path, "intel-rapl:0:0", 1)
    meter = EnergyMeter()
    write(tmp_path, "intel-rapl:0", 2_000_000)
    write(tmp_path, "intel-rapl:1", 1_500_000)
    write(tmp_path, "intel-rapl:0:0", 900_000)
    assert meter.joules() == {"energy_cpu": 6.5}


@pytest.mark.parametrize("content", [None, "no number"])
def test_what_cannot_be_read_is_absent(tmp_path, monkeypatch, content):
    monkeypatch.setattr(costs, "_POWERCAP", tmp_path)
    if content is not None:
        write(tmp_path, "intel-rapl:0", content)
    assert EnergyMeter().joules() == {}


def test_energy_of_gpus_is_their_counters_difference(tmp_path, monkeypatch):
    counters = [1000, 5000]
    nvml = SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda place: place,
        nvmlDeviceGetTotalEnergyConsumption=lambda place: counters[place],
        NVMLError=RuntimeError,
    )
    monkeypatch.setattr(costs, "_POWERCAP", tmp_path)
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: True)))
    meter = EnergyMeter()
    counters[:] = [3000, 5500]
    assert meter.joules() == {"energy_gpu": 2.5}
