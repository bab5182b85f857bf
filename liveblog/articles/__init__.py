"""Conversion between running copy, a newspaper's rolling article as text, and live blogs."""
