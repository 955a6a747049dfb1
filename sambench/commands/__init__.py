"""The commands of the command line, one module each; each takes its words and returns an exit code."""
