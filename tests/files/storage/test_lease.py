import json
import subprocess
import sys
import time
import uuid

import pytest

from sambench.errors import StorageError
from sambench.files.storage.lease import NAME, SECONDS, Lease
from sambench.files.storage.locations import join, read_bytes, remove, write_bytes


@pytest.fixture
def url():
    return f"memory://{uuid.uuid4().hex}"


def held_by(url, **changed):
    lease = Lease(url)
    lease.take()
    holder = json.loads(read_bytes(join(url, NAME)))
    write_bytes(join(url, NAME), json.dumps({**holder, "session": "another", **changed}).encode())


def test_a_lease_is_taken_once_and_given_back(url):
    first, second = Lease(url), Lease(url)
    first.take()
    first.take()
    with pytest.raises(StorageError, match="is writing this folder"):
        second.take()
    second.release()
    first.release()
    second.take()


@pytest.mark.parametrize("refusals", [1, 2])
def test_a_refusal_is_met_twice_before_a_lease_is_left(url, monkeypatch, refusals):
    lease, refused = Lease(url), []

    def remove_later(place):
        if len(refused) < refusals:
            refused.append(place)
            raise StorageError("removing failed", where=place, mend="wait")
        remove(place)

    lease.take()
    monkeypatch.setattr("sambench.files.storage.lease.remove", remove_later)
    if refusals == 1:
        lease.release()
        assert read_bytes(join(url, NAME)) is None
    else:
        with pytest.raises(StorageError, match="removing failed"):
            lease.release()


def test_a_process_of_this_machine_that_is_gone_holds_nothing(url):
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    held_by(url, process=process.pid)
    Lease(url).take()


def test_another_machine_is_given_some_time(url):
    held_by(url, machine=1, host="node7", renewed=time.time() - SECONDS / 2)
    with pytest.raises(StorageError, match="on node7"):
        Lease(url).take()
    held = json.loads(read_bytes(join(url, NAME)))
    write_bytes(join(url, NAME), json.dumps({**held, "renewed": time.time() - SECONDS - 1}).encode())
    Lease(url).take()


def test_a_torn_lease_holds_nothing(url):
    write_bytes(join(url, NAME), b'{"session": "a')
    Lease(url).take()


def test_a_lease_that_ran_out_and_was_taken_is_not_taken_back(url):
    slow, fast = Lease(url), Lease(url)
    slow.take()
    remove(join(url, NAME))
    fast.take()
    with pytest.raises(StorageError, match="is writing this folder"):
        slow.renew()
    slow.release()
    fast.renew()
