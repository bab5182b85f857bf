"""Public pages, polls and feeds, which are the same for all readers."""
