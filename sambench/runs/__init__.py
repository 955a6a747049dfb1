"""The run folder and nothing else: record, rows, seals, at a path or a URL."""
