"""The reference in `docs/` and the man pages, written from the code so that they cannot drift: `make reference`."""
