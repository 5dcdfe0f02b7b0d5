"""The control socket: how commands and the dashboard speak to the running server (docs/control-protocol.md)."""
