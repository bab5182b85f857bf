"""Webhooks: each change of the log to each partner who wants it, signed, at least once, in each blog's order.

There is no queue. A cursor says how far a webhook has got in a live blog; the sender looks which of them lag
behind their log, sends what comes next, and moves them on.
"""
