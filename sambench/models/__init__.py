"""Promptable models behind one interface: encode an image once, decode prompts many times."""
