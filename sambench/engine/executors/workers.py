"""What worker processes do: one kind holds a model on a device and predicts, the other scores."""

from __future__ import annotations

import pickle
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sambench.config.run_config import RunConfig
from sambench.engine.executors.setup import DeviceWork
from sambench.engine.scoring import timed_score
from sambench.errors import SambenchError
from sambench.files.faults import machine_error

READY, PREDICTED, DONE, SCORED, FAILED = "ready", "predicted", "done", "scored", "failed"


def predict_on_device(
    connection: Connection, config: RunConfig, device: str, threads: int | None, data_fingerprint: str
) -> None:
    """Build task, data and model on a device, then predict group after group.

    Receives (run folder, keys of a group, keys to do, keys to draw, keys of the next group). Sends (READY, the model's
    description), for each sample (PREDICTED, sample id) and then its pickled sample and prediction, (DONE,
    `DeviceWork.figures`), or (FAILED, error).
    """
    try:
        if threads is not None:
            import torch

            torch.set_num_threads(threads)
        work = DeviceWork(config, device, data_fingerprint)
    except Exception as error:
        connection.send((FAILED, sendable(error)))
        return
    connection.send((READY, work.described))
    while True:
        folder, group, todo, drawn, ahead = connection.recv()
        try:
            for sample, prediction in work.predictions(Path(folder), group, todo, drawn, ahead):
                payload = pickle.dumps((sample, prediction), protocol=pickle.HIGHEST_PROTOCOL)
                connection.send((PREDICTED, sample.id))
                connection.send_bytes(payload)
        except Exception as error:
            connection.send((FAILED, sendable(error)))
            continue
        connection.send((DONE, work.figures()))


def score_predictions(connection: Connection, task: Any) -> None:
    """Score pickled samples with predictions; sends (READY, None), then (SCORED, rows, seconds) or (FAILED, error)."""
    import torch

    torch.set_num_threads(1)
    connection.send((READY, None))
    while True:
        connection.send(score_payload(task, connection.recv_bytes()))


def score_payload(task: Any, payload: bytes) -> tuple[Any, ...]:
    """Score a pickled sample with its prediction; returns (SCORED, rows, seconds) or (FAILED, error)."""
    try:
        sample, prediction = pickle.loads(payload)
        _, rows, seconds = timed_score(task, sample, prediction)
    except Exception as error:
        return FAILED, sendable(error)
    return SCORED, rows, seconds


def sendable(error: Exception) -> Exception:
    """Return an error as it can be sent: one for the user as it is, a defect with its traceback as text."""
    if isinstance(error, SambenchError):
        return error
    if (refusal := machine_error(error)) is not None:
        return refusal
    return RuntimeError(f"in a worker process:\n{''.join(traceback.format_exception(error))}")
