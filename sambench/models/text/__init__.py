"""Models that take phrases: SAM 3, and models of `transformers` that find what a text names."""
