"""Accounts of staff: second factors, sessions, confirmation of risky changes, password reset by mail."""
