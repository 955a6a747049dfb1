"""What intervals and verdicts rest on: influences of single images, support, spread, noise of runs."""
