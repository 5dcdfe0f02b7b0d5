"""What systemd and the server have to say to each other: how the server is, and sockets that are open already."""
