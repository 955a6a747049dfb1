"""What is left of a run: its folder, and the tables and figures made from it."""
