"""Privilege separation: the server works as `server.user`, and a small root process does for it what takes root."""
