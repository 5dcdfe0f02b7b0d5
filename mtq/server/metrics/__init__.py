"""Prometheus metrics on `server.metrics_listen`."""
