"""What viewers are shown: rows as frozen views, in an edition. It never changes a row."""
