"""`make audit`: third-party checkers, run over a temporary demo newsroom.

It is separate from `benchmarks`: a benchmark answers one question with our own code, while the audit runs
tools from npm with their own configuration. `make test` never runs it.
"""
