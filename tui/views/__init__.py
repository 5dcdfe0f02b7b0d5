"""The views of the dashboard, one module each."""
