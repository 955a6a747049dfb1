"""Locations on `s3://`, `gs://` and whatever else fsspec knows, read and written through local copies."""
