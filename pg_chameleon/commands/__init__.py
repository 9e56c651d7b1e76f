"""One function per command of the command line, by theme; the first line of its docstring is its help."""
