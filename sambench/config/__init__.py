"""What the words of a configuration mean: names, ranges, plug-ins and the objects they make."""
