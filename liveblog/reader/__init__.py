"""Public pages, polls and feeds: what readers get, the same for all of them."""
