"""Waking up: hearing that something was published, and the thread that publishes what falls due."""
