"""Mailboxes: Maildir as delivery agents write it, and the maildrop that a session sees of one.

Paths and file names are bytes here: names are opaque and need not be text in any encoding.
"""
