"""A floor for text prompts: words of colour, size and shape alone, without training."""
