"""Starting and ending coverage at the desk, and withdrawing and restoring a whole live blog."""

from __future__ import annotations

from typing import Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from liveblog import publishing
from liveblog.desk.access import desk_view
from liveblog.models import BlogProposal, Image, LiveBlog, Partner, Webhook
from liveblog.publishing import BlogAction
from liveblog.publishing.permissions import require
from newsroom.sign_in import user_of

_DONE: Final[dict[BlogAction, Promise]] = {
    BlogAction.START: gettext_lazy("Coverage has started."),
    BlogAction.END: gettext_lazy("Coverage has ended. The page stays online."),
    BlogAction.RESUME: gettext_lazy("Coverage runs again."),
    BlogAction.RESTORE: gettext_lazy("The live blog is restored."),
    BlogAction.LIFT: gettext_lazy("The embargo is lifted."),
}


@desk_view
@require_POST
def run(request: HttpRequest, blog: LiveBlog, action: str) -> HttpResponse:
    """Perform the action of a button in the desk's header."""
    if action not in _DONE:
        raise Http404
    if _perform(request, BlogAction(action), blog):
        messages.success(request, str(_DONE[BlogAction(action)]))
    else:
        messages.success(request, _("Proposed. It is done once a colleague approves it here."))
    return redirect("desk:desk", blog.pk)


@desk_view
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    """Show what disappears with the live blog, and withdraw it after a reason and its title are entered."""
    if BlogAction.WITHDRAW not in publishing.blog_actions_for(user_of(request), blog):
        require(user_of(request), "run_coverage", blog)
        # It is a draft, or a colleague has just withdrawn it.
        return redirect("desk:desk", blog.pk)
    form = WithdrawForm(blog, request.POST if request.method == "POST" else None)
    if form.is_valid():
        _perform(request, BlogAction.WITHDRAW, blog, form.cleaned_data["reason"])
        messages.success(request, _("The live blog is withdrawn everywhere. You can restore it here."))
        return redirect("desk:desk", blog.pk)
    context = {
        **admin.site.each_context(request),
        "title": _("Withdraw the live blog"),
        "blog": blog,
        "form": form,
        "updates": blog.updates.published().count(),
        "pictures": Image.objects.filter(updates__in=blog.updates.published()).distinct().count(),
        "webhooks": Webhook.objects.enabled()
        .filter(Q(blogs__isnull=True) | Q(blogs=blog))
        .distinct()
        .count(),
        "embedding": Partner.objects.filter(is_active=True).exclude(embed_origins="").count(),
    }
    return render(request, "desk/withdraw.html", context, status=422 if form.is_bound else 200)


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        help_text=gettext_lazy("For the newsroom's log. Readers do not see it."),
        widget=forms.TextInput({"autofocus": True}),
    )
    title = forms.CharField(max_length=500, widget=forms.TextInput({"autocomplete": "off"}))

    def __init__(self, blog: LiveBlog, data: QueryDict | None) -> None:
        super().__init__(data)
        self.expected = blog.kicker or blog.headline
        self.fields["title"].label = _("Type “%(title)s” to confirm") % {"title": self.expected}

    def clean_title(self) -> str:
        title: str = self.cleaned_data["title"]
        if title != self.expected:
            raise forms.ValidationError(
                _("This is not “%(title)s”. Nothing was withdrawn.") % {"title": self.expected}
            )
        return title


def buttons(user: User, blog: LiveBlog) -> list[BlogAction]:
    """Return the actions that the desk's header offers to this user."""
    return [action for action in publishing.blog_actions_for(user, blog) if action in _DONE]


def _perform(request: HttpRequest, action: BlogAction, blog: LiveBlog, reason: str = "") -> bool:
    """Perform the action, and add it to the live blog's history in the admin.

    Return False if it was only proposed to a second person.
    """
    if isinstance(publishing.perform_on_blog(action, blog, by=user_of(request)), BlogProposal):
        return False
    message = f"{action.label}: {reason}" if reason else str(action.label)
    LogEntry.objects.log_actions(user_of(request).pk, [blog], CHANGE, message, single_object=True)
    return True
