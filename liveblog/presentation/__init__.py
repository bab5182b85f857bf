"""Presentation: the rows that a viewer may see, read in an edition. Nothing here saves a row."""
