"""The actions of the audit log, with the names that the admin shows."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from liveblog.models import Change


class Action(models.TextChoices):
    """Actions that take no number in a live blog's log; others are recorded under the kind of the change."""

    DRAFTED = "drafted", _("Saved as a draft")
    SUBMITTED = "submitted", _("Submitted for review")
    SCHEDULED = "scheduled", _("Scheduled")
    RETURNED = "returned", _("Returned from the schedule to the editors")
    RESPONSE_REJECTED = "response_rejected", _("Reader's response rejected")
    BLOG_CREATED = "blog_created", _("Live blog created")
    TEAM_CHANGED = "team_changed", _("Team changed")
    PROPOSED = "proposed", _("Change proposed to a second person")
    APPROVED = "approved", _("Approved by a second person")
    OVERRIDDEN = "overridden", _("Approved without a second person")
    FLAGGED = "flagged", _("Flags changed")
    SECOND_PERSON_NEEDED = "second_person_needed", _("Second person needed for everything")
    SECOND_PERSON_LIFTED = "second_person_lifted", _("Second person no longer needed")
    HOLD_PLACED = "hold_placed", _("Legal hold placed")
    HOLD_LIFTED = "hold_lifted", _("Legal hold lifted")
    SIGNED_IN = "signed_in", _("Signed in")
    SIGNED_OUT = "signed_out", _("Signed out")
    SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
    LOCKED_OUT = "locked_out", _("Locked out after too many attempts")
    REFUSED = "refused", _("Refused: no permission")
    USER_ADDED = "user_added", _("Account added")
    USER_CHANGED = "user_changed", _("Account changed")
    USER_DELETED = "user_deleted", _("Account deleted")
    GROUP_ADDED = "group_added", _("Role added")
    GROUP_CHANGED = "group_changed", _("Role changed")
    GROUP_DELETED = "group_deleted", _("Role deleted")
    ROLES_ADDED = "roles_added", _("Roles given")
    ROLES_REMOVED = "roles_removed", _("Roles taken away")
    PERMISSIONS_ADDED = "permissions_added", _("Permissions given")
    PERMISSIONS_REMOVED = "permissions_removed", _("Permissions taken away")
    PARTNER_ADDED = "partner_added", _("Partner added")
    PARTNER_CHANGED = "partner_changed", _("Partner changed")
    PARTNER_DELETED = "partner_deleted", _("Partner deleted")
    GRANTS_ADDED = "granted_blogs_added", _("Live blogs granted")
    GRANTS_REMOVED = "granted_blogs_removed", _("Grants of live blogs taken away")
    KEY_CREATED = "key_created", _("API key created")
    KEY_CHANGED = "key_changed", _("API key changed")
    KEY_ROTATED = "key_rotated", _("API key rotated")
    KEY_REVOKED = "key_revoked", _("API key revoked")
    WEBHOOK_ADDED = "webhook_added", _("Webhook added")
    WEBHOOK_CHANGED = "webhook_changed", _("Webhook changed")
    WEBHOOK_SECRET_ROTATED = "webhook_secret_rotated", _("Webhook's secret rotated")
    WEBHOOK_DISABLED = "webhook_disabled", _("Webhook switched off")
    WEBHOOK_ENABLED = "webhook_enabled", _("Webhook switched on")
    WEBHOOK_REPLAYED = "webhook_replayed", _("Webhook sent again from a number")
    WEBHOOK_SENT = "webhook_sent_by_hand", _("Webhook sent by hand")
    IMAGE_ADDED = "image_added", _("Picture added")
    IMAGE_CHANGED = "image_changed", _("Picture changed")
    BYLINE_ADDED = "byline_added", _("Byline added")
    BYLINE_CHANGED = "byline_changed", _("Byline changed")
    BYLINE_DELETED = "byline_deleted", _("Byline deleted")
    TOPIC_ADDED = "topic_added", _("Topic added")
    TOPIC_CHANGED = "topic_changed", _("Topic changed")
    TOPIC_DELETED = "topic_deleted", _("Topic deleted")
    STORY_CHANGED = "relatedstory_changed", _("Related story changed")
    TERM_ADDED = "glossaryterm_added", _("Wording added")
    TERM_CHANGED = "glossaryterm_changed", _("Wording changed")
    TERM_DELETED = "glossaryterm_deleted", _("Wording deleted")
    PROFILE_ADDED = "copyprofile_added", _("Profile of running copy added")
    PROFILE_CHANGED = "copyprofile_changed", _("Profile of running copy changed")
    PROFILE_DELETED = "copyprofile_deleted", _("Profile of running copy deleted")
    EXPORTED = "audit_exported", _("Audit log exported")


def label_of(action: str) -> str:
    """Return the name of an action, or its code if another package defines it."""
    return str(_LABELS.get(action, action))


_LABELS = dict([*Change.Kind.choices, *Action.choices])
