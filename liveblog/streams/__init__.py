"""Server-Sent Events, answered on the event loop ahead of Django."""
