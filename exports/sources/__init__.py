"""Where the rows of an export come from: a file, pages, a named database."""
