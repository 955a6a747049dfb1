"""From a native model to exported files: graphs, number formats, and the check of one against the other."""
