"""The newsroom's tests."""
