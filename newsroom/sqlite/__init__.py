"""Django's SQLite backend with a first-in, first-out queue of a process's writers."""
