"""The command line of the dashboard."""
