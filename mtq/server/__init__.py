"""The server: listeners, connections and their clocks, services, and the process around them."""
