"""Experiment trackers that a finished run is told to: `sambench run ... logger=[wandb,mlflow]`."""
