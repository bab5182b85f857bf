"""Live blogs: what editors publish, readers follow and partners take."""
