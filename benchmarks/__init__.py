"""Benchmarks, one module per question. They print ratios within one run and are never part of the tests.

python -m benchmarks stream
"""
