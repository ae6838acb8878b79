"""The report of a score: a page, tables and the pictures of the worst scenes."""
