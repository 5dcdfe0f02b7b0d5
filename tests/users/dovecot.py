"""Dovecot's own tool for passwords."""

import subprocess


def doveadm(*arguments: str) -> str:
    """Run `doveadm pw`."""
    done = subprocess.run(["doveadm", "pw", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.rstrip("\n")
