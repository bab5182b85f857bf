"""The audit log: recording, checking and exporting it."""

from liveblog.audit.chain import record
from liveblog.audit.origin import acting_as, note_refusal, through

__all__ = ["acting_as", "note_refusal", "record", "through"]
