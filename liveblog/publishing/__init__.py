"""Verbs: the only code that writes what readers can see, one function for each editorial action.

Each verb checks the permission of `by`, locks the blog's row, reads it again under the lock, writes the
content and its Revision, takes the blog's next number and appends the Change, all in one transaction. A verb
that raises ValidationError (with a message for the editor) or PermissionDenied has written nothing.
"""

from liveblog.publishing.actions import KEEPS_STATE, WRITES, Action, Permitted, actions_for, perform
from liveblog.publishing.approvals import approve_update, override_approval, propose_change
from liveblog.publishing.blog_actions import BlogAction, blog_actions_for, perform_on_blog
from liveblog.publishing.blog_approvals import (
    approve_on_blog,
    can_approve_on_blog,
    override_on_blog,
    propose_on_blog,
)
from liveblog.publishing.blog_safeguards import (
    BlogNeedsSecondPerson,
    pending_on_blog,
    proposed_details,
)
from liveblog.publishing.blogs import (
    check_details,
    create_blog,
    edit_blog,
    end_coverage,
    lift_embargo,
    restore_blog,
    set_team,
    start_coverage,
    withdraw_blog,
)
from liveblog.publishing.content import Content, refuse_too_long
from liveblog.publishing.details import BlogDetails, edit_fingerprint
from liveblog.publishing.due import publish_due
from liveblog.publishing.encoding import fingerprint
from liveblog.publishing.generations import advance_numbers
from liveblog.publishing.glossary import add_term, edit_term, remove_term
from liveblog.publishing.material import (
    add_byline,
    add_image,
    add_topic,
    edit_byline,
    edit_image,
    edit_story,
    edit_topic,
    prepare_image,
)
from liveblog.publishing.once import AlreadyUsed, actor, once
from liveblog.publishing.partners import (
    create_key,
    edit_key,
    key_fingerprint,
    revoke_key,
    rotate_key,
)
from liveblog.publishing.permissions import SYSTEM, Actor, permission_to_write, require
from liveblog.publishing.personal_data import (
    erase_reader,
    erase_user,
    expire_responses,
    export_reader,
    export_user,
)
from liveblog.publishing.renditions import (
    Upload,
    open_private,
    open_public,
    owe_all,
    settle_due,
    settle_everything,
)
from liveblog.publishing.responses import (
    approve_response,
    reject_response,
    submit_response,
    withdraw_response,
)
from liveblog.publishing.retention import prune
from liveblog.publishing.rules import Stale, WrongState, checked_note
from liveblog.publishing.safeguards import NeedsSecondPerson, flag_update, set_hold, set_second_person
from liveblog.publishing.saving import row_fingerprint, save_checked
from liveblog.publishing.stories import Story
from liveblog.publishing.takedowns import (
    UNDO_WITHIN,
    erase_update,
    restore_update,
    undo_publication,
    withdraw_update,
)
from liveblog.publishing.updates import (
    correct_update,
    draft_update,
    edit_update,
    mark_key_event,
    pin_update,
    publish_update,
    schedule_update,
    submit_update,
    unmark_key_event,
    unpin_update,
)
from liveblog.publishing.webhooks import (
    add_webhook,
    disable_webhook,
    edit_webhook,
    enable_webhook,
    replay_since,
    resend,
    rotate_secret,
    send_test,
)

__all__ = [
    "KEEPS_STATE",
    "SYSTEM",
    "UNDO_WITHIN",
    "WRITES",
    "Action",
    "Actor",
    "AlreadyUsed",
    "BlogAction",
    "BlogDetails",
    "BlogNeedsSecondPerson",
    "Content",
    "NeedsSecondPerson",
    "Permitted",
    "Stale",
    "Story",
    "Upload",
    "WrongState",
    "actions_for",
    "actor",
    "add_byline",
    "add_image",
    "add_term",
    "add_topic",
    "add_webhook",
    "advance_numbers",
    "approve_on_blog",
    "approve_response",
    "approve_update",
    "blog_actions_for",
    "can_approve_on_blog",
    "check_details",
    "checked_note",
    "correct_update",
    "create_blog",
    "create_key",
    "disable_webhook",
    "draft_update",
    "edit_blog",
    "edit_byline",
    "edit_fingerprint",
    "edit_image",
    "edit_key",
    "edit_story",
    "edit_term",
    "edit_topic",
    "edit_update",
    "edit_webhook",
    "enable_webhook",
    "end_coverage",
    "erase_reader",
    "erase_update",
    "erase_user",
    "expire_responses",
    "export_reader",
    "export_user",
    "fingerprint",
    "flag_update",
    "key_fingerprint",
    "lift_embargo",
    "mark_key_event",
    "once",
    "open_private",
    "open_public",
    "override_approval",
    "override_on_blog",
    "owe_all",
    "pending_on_blog",
    "perform",
    "perform_on_blog",
    "permission_to_write",
    "pin_update",
    "prepare_image",
    "propose_change",
    "propose_on_blog",
    "proposed_details",
    "prune",
    "publish_due",
    "publish_update",
    "refuse_too_long",
    "reject_response",
    "remove_term",
    "replay_since",
    "require",
    "resend",
    "restore_blog",
    "restore_update",
    "revoke_key",
    "rotate_key",
    "rotate_secret",
    "row_fingerprint",
    "save_checked",
    "schedule_update",
    "send_test",
    "set_hold",
    "set_second_person",
    "set_team",
    "settle_due",
    "settle_everything",
    "start_coverage",
    "submit_response",
    "submit_update",
    "undo_publication",
    "unmark_key_event",
    "unpin_update",
    "withdraw_blog",
    "withdraw_response",
    "withdraw_update",
]
