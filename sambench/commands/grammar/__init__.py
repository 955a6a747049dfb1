"""The grammar of the command line: how a command is declared, and what is made from its declaration."""
