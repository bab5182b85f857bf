"""Reading for presentation: rows that a viewer may see, in an edition. Nothing here saves a row."""
