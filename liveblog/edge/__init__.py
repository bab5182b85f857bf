"""What answers on the event loop, ahead of Django: streams. Beside them, the loop of due work."""
