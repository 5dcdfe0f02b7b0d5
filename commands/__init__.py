"""The command line. One module a group of commands; `main` knows them by name and loads the one that is called."""
