"""`make audit`: other people's checkers, run over a demo newsroom that is started for it and thrown away.

It is a room of its own beside `benchmarks`: a benchmark measures one question with our own code, the audit
runs tools that come from npm, with configuration that only they read. `make test` never runs it.
"""
