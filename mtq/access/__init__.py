"""Who may come in: ranges as an administrator writes them, rules compiled from them, and a policy as time goes by."""
