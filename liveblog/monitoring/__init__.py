"""What the newsroom says of its own state: health checks, figures for Prometheus and a page for editors."""
