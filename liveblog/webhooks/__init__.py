"""Webhooks: signed delivery of each logged change to subscribed partners, at least once, in order per blog.

There is no queue. A cursor records how far a webhook has got in a live blog's log; the sender finds the
cursors that lag behind, sends the next change and advances them.
"""
