"""Embeddings kept on disk and shared between machines, found by what made them."""
