"""Models of live coverage. Only `liveblog.publishing` writes what readers can see."""

from liveblog.models.approval import Approval, BlogProposal, Flag, Proposal
from liveblog.models.audit import AuditEntry, AuditHead
from liveblog.models.blog import LiveBlog, Topic
from liveblog.models.byline import Byline, UpdateByline
from liveblog.models.change import Change, Reach
from liveblog.models.desk import CopyProfile, Presence, Submission, WorkingCopy
from liveblog.models.glossary import Edition, Glossary, GlossaryTerm
from liveblog.models.media import Image, OwedFiles, UpdateImage
from liveblog.models.partner import ApiKey, Delivery, Partner, Scope, Webhook, WebhookCursor
from liveblog.models.ping import PingCursor, PingService
from liveblog.models.response import ReaderResponse
from liveblog.models.search import SearchEntry
from liveblog.models.story import RelatedStory
from liveblog.models.update import Revision, Update

__all__ = [
    "ApiKey",
    "Approval",
    "AuditEntry",
    "AuditHead",
    "BlogProposal",
    "Byline",
    "Change",
    "CopyProfile",
    "Delivery",
    "Edition",
    "Flag",
    "Glossary",
    "GlossaryTerm",
    "Image",
    "LiveBlog",
    "OwedFiles",
    "Partner",
    "PingCursor",
    "PingService",
    "Presence",
    "Proposal",
    "Reach",
    "ReaderResponse",
    "RelatedStory",
    "Revision",
    "Scope",
    "SearchEntry",
    "Submission",
    "Topic",
    "Update",
    "UpdateByline",
    "UpdateImage",
    "Webhook",
    "WebhookCursor",
    "WorkingCopy",
]
