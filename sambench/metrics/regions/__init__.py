"""Region metrics of the Berkeley benchmark: covering, Rand index, variation of information."""
