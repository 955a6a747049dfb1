"""A local server that speaks S3's protocol, for tests; its buckets are kept in memory and end with it."""

import logging
import os
import uuid
from contextlib import contextmanager

import pytest

from sambench.files.storage.locations import opened


@contextmanager
def s3_server():
    """Start the server, point s3:// of this process and its children at it, and give the URL of an empty bucket."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0, verbose=False)
    import fsspec

    def forget():
        opened.cache_clear()
        fsspec.get_filesystem_class("s3").clear_instance_cache()

    server.start()
    host, port = server.get_host_and_port()
    own = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": host,
        "no_proxy": host,
    }
    before = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    forget()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    try:
        bucket = uuid.uuid4().hex  # what is in memory outlives the server
        fsspec.filesystem("s3").mkdir(bucket)
        yield f"s3://{bucket}"
    finally:
        forget()
        server.stop()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
