"""`sambench data` and its parts."""
