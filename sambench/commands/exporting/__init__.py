"""What `sambench export` writes: maps, models, results."""
