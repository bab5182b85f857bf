"""Wake-ups: signals that a log has advanced, and the thread that does scheduled work."""
