"""Boundary metrics of the Berkeley benchmark: ODS, OIS, AP and R50."""
