"""Hydra's configuration groups: task/, model/, data/ and config.yaml."""
