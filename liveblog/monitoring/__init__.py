"""The newsroom's own state: health checks, figures for Prometheus and a page for editors."""
