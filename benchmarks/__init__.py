"""Measurements, one runnable file per question: ratios within one run, never a test.

python -m benchmarks stream
"""
