"""Prompts as pure functions: grids, mask centres, simulated clicks, boxes; all in image pixels."""
