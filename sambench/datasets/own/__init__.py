"""A user's own data, in whatever form it was annotated."""
