"""`mtq serve --demo`: a house of mail that is built in a moment and gone when the server ends."""
