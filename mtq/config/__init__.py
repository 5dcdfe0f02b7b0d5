"""The configuration: its keys (`model`), how it is read (`read`) and changed (`edit`), where it is (`paths`)."""
