"""A report: one HTML page with all that stored runs tell."""
