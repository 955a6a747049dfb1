"""Stored runs compared: policies, verdicts, frozen baselines and sweeps of one choice."""
