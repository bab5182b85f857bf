"""Wake-ups: signals that a log has advanced, and the thread that publishes what has fallen due."""
