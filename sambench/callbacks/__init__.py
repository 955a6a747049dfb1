"""Callbacks that evaluate a model while it is trained: transformers' Trainer and Lightning."""
