"""Reading for presentation: rows that a viewer may see, as views in an edition. Rows are never changed."""
