"""People rate masks, 1 to 10, without knowing who made them (paper, appendices E and G)."""
