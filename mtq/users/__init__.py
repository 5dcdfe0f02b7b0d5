"""Who may log in: the passwd-file, the password schemes, and the check that keeps off the event loop."""
