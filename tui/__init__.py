"""The room of the dashboard. It talks to a running server over the control socket and never imports it."""
