"""Masks of objects that are clicked on, or whose prompts are moved, over one embedding."""
