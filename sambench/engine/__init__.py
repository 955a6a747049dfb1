"""What carries samples through a model and a task: the runner, its workers and the embedding cache."""
