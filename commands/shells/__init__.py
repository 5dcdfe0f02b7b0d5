"""Completion in the shell: the tree of commands as plain data, and one module a shell that writes it down."""
