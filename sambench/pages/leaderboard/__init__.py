"""One static site from many runs of many people, and the files that people hand in."""
