"""The configuration: what may stand in it (`model`), reading it (`read`), where it lives (`paths`)."""
