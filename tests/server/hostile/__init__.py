"""Hostile clients against a real server: what they do, what that may cost, and that nobody else notices."""
