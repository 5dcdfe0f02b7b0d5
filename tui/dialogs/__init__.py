"""What is asked and shown in front of a view."""
