"""The POP3 proxy: from a user name with a server in it to a session on that server. No configuration in here."""
