"""Readers of datasets as they are downloaded, one module a dataset or format family."""
