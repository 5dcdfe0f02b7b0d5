"""Tests of what is handed out: the wheel, what pipx and uv make of it, the container."""
