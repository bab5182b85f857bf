"""The site: knows nothing of live blogs."""

__version__ = "0.1.0"
