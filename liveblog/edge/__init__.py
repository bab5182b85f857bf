"""What runs beside Django in the server's process."""
