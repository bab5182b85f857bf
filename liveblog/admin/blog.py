"""Live blogs in the admin: their details, and starting, ending and withdrawing their coverage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.auth.models import User
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liveblog import publishing, visibility
from liveblog.admin.bulk import confirm_each
from liveblog.admin.inlines import StoryInline, stories_of
from liveblog.admin.reading import TeamAdmin, is_choosing_link, is_linkable
from liveblog.admin.saving import VerbAdmin, VerbForm
from liveblog.models import BlogProposal, LiveBlog, Update
from liveblog.publishing import BlogAction, BlogDetails
from liveblog.visibility import PUBLIC
from newsroom import hongkong
from newsroom.rich_text import RichTextWidget
from newsroom.sign_in import user_of
from newsroom.site import absolute
from newsroom.text import html, languages


def _team_of(blog: LiveBlog | None) -> list[int]:
    """Return the ids of the team members whom the form can show.

    A member whose account was deactivated since then stays in the team, but the form does not show them.
    """
    limits = LiveBlog.team.field.get_limit_choices_to()
    return sorted(blog.team.complex_filter(limits).values_list("pk", flat=True)) if blog else []


class LiveBlogForm(VerbForm):
    # Fingerprint of the details that the form was opened with, for optimistic locking.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        widgets = {
            "summary": RichTextWidget({"rows": 8}),
            "headline": forms.TextInput({"class": "vLargeTextField"}),
            "standfirst": forms.Textarea({"class": "vLargeTextField", "rows": 4}),
        }
        help_texts = {
            "slug": gettext_lazy(
                "The page's address in Latin letters, for example typhoon-2026. "
                "It cannot change after first publication."
            )
        }

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.saved = self.instance if self.instance.pk else None
        if self.saved:
            self.initial["seen"] = publishing.edit_fingerprint(self.saved)
            self.initial["summary"] = languages.untagged(self.saved.summary)

    def clean_summary(self) -> str:
        return html.from_typed(self.cleaned_data["summary"])

    @property
    def is_team_changed(self) -> bool:
        """Return whether a different team was entered; False if the form does not show the team."""
        team = self.cleaned_data.get("team")
        return team is not None and {person.pk for person in team} != set(_team_of(self.saved))

    def details(self, rows: dict[str, list[dict[str, Any]]]) -> BlogDetails:
        cleaned = self.cleaned_data
        return BlogDetails(
            slug=cleaned.get("slug") or self.instance.slug,
            language=cleaned["language"],
            kicker=cleaned["kicker"],
            headline=cleaned["headline"],
            standfirst=cleaned["standfirst"],
            summary=cleaned["summary"],
            coverage_start_at=cleaned["coverage_start_at"],
            coverage_end_at=cleaned["coverage_end_at"],
            embargo_until_at=cleaned["embargo_until_at"],
            hero_image=cleaned["hero_image"],
            bylines=tuple(cleaned["bylines"]),
            topics=tuple(cleaned["topics"]),
            front_position=cleaned["front_position"],
            has_responses=cleaned["has_responses"],
            successor=cleaned["successor"],
            stories=stories_of(rows["relatedstory"]),
        )


class BlogStoryInline(StoryInline):
    fk_name = "blog"
    fields = ["title", "url", "live_blog", "order"]


@admin.register(LiveBlog)
class LiveBlogAdmin(TeamAdmin, VerbAdmin):
    form = LiveBlogForm
    list_display = [
        "headline",
        "kicker",
        "desk",
        "status",
        "last_update",
        "published",
        "drafts",
        "submitted",
        "scheduled",
    ]
    list_filter = ["status", "language", ("topics", admin.RelatedOnlyFieldListFilter)]
    list_per_page = 50
    # Repeats the model's ordering, which Django does not apply to queries with aggregates.
    ordering = ["-created_at", "-pk"]
    search_fields = ["headline", "kicker", "slug", "standfirst", "summary"]
    search_help_text = gettext_lazy("Headline, kicker, address, standfirst or summary")
    date_hierarchy = "coverage_start_at"
    autocomplete_fields = ["hero_image", "bylines", "topics", "successor", "team"]
    inlines = [BlogStoryInline]
    actions = ["start", "end"]

    _text = ["language", "kicker", "headline", "slug", "standfirst", "summary"]
    _about = ["hero_image", "bylines", "topics", "front_position", "has_responses"]
    _times = ["coverage_start_at", "coverage_end_at", "embargo_until_at"]
    _state = [
        "continued_in",
        "status",
        "number",
        "pinned_update",
        "first_published_at",
        "modified_at",
        "updates_link",
        "embed_code",
    ]

    # Page content

    def get_fieldsets(self, request: HttpRequest, obj: LiveBlog | None = None) -> list[tuple]:
        fieldsets = [
            (None, {"fields": self._text}),
            (_("About it"), {"fields": self._about_for(request, obj)}),
            (_("Times (Hong Kong)"), {"fields": self._times}),
            (_("Team"), {"fields": ["team"]}),
        ]
        if self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj):
            fieldsets.append((None, {"fields": ["seen"]}))
        if obj:
            fieldsets.append((_("State"), {"fields": self._state[1:]}))
        return fieldsets

    def _about_for(self, request: HttpRequest, obj: LiveBlog | None) -> list[str]:
        """Return the fields of the section.

        Read-only pages name the next live blog only to users who may read it.
        """
        is_form = self.has_add_permission(request) if obj is None else self.may_edit_content(request, obj)
        return [*self._about, "successor" if is_form else "continued_in"]

    @admin.display(description=gettext_lazy("continued in"))
    def continued_in(self, blog: LiveBlog) -> str:
        if blog.successor is None:
            return ""
        return str(blog.successor) if blog.is_link_shown else _("A live blog of another team")

    def get_readonly_fields(self, request: HttpRequest, obj: LiveBlog | None = None) -> list[str]:
        if obj is None:
            return [] if request.user.has_perm("liveblog.change_liveblog") else ["team"]
        if not self.may_edit_content(request, obj):
            return [*self._state, *self._text, *self._about, *self._times, "team"]
        return [*self._state, "slug"] if obj.first_published_at else self._state

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: LiveBlog | None = None
    ) -> dict[str, Sequence[str]]:
        return {} if obj else {"slug": ("headline",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[LiveBlog]:
        rows = super().get_queryset(request)
        if is_choosing_link(request):
            rows = visibility.linkable(user_of(request)).order_by(*self.ordering)
        annotated: QuerySet[LiveBlog] = rows.annotate(
            is_link_shown=is_linkable(user_of(request), "successor"),
            newest_update_at=Max("updates__first_published_at", filter=_in_status(Update.Status.PUBLISHED)),
            published_count=_updates(Update.Status.PUBLISHED),
            draft_count=_updates(Update.Status.DRAFT),
            submitted_count=_updates(Update.Status.SUBMITTED),
            scheduled_count=_updates(Update.Status.SCHEDULED),
        )
        return annotated

    def view_on_site(self, blog: LiveBlog) -> str | None:
        return blog.get_absolute_url() if visibility.can_read(PUBLIC, blog) else None

    @admin.display(description=gettext_lazy("live desk"))
    def desk(self, blog: LiveBlog) -> str:
        return format_html('<a href="{}">{}</a>', reverse("desk:desk", args=[blog.pk]), _("Open"))

    @admin.display(description=gettext_lazy("published"), ordering="published_count")
    def published(self, blog: LiveBlog) -> str:
        return _count_link(blog, blog.published_count, Update.Status.PUBLISHED)

    @admin.display(description=gettext_lazy("drafts"), ordering="draft_count")
    def drafts(self, blog: LiveBlog) -> str:
        return _count_link(blog, blog.draft_count, Update.Status.DRAFT)

    @admin.display(description=gettext_lazy("submitted"), ordering="submitted_count")
    def submitted(self, blog: LiveBlog) -> str:
        return _count_link(blog, blog.submitted_count, Update.Status.SUBMITTED)

    @admin.display(description=gettext_lazy("scheduled"), ordering="scheduled_count")
    def scheduled(self, blog: LiveBlog) -> str:
        return _count_link(blog, blog.scheduled_count, Update.Status.SCHEDULED)

    @admin.display(description=gettext_lazy("last update"), ordering="newest_update_at")
    def last_update(self, blog: LiveBlog) -> str:
        at = blog.newest_update_at
        return f"{hongkong.to_hong_kong(at):%Y-%m-%d %H:%M}" if at else ""

    @admin.display(description=gettext_lazy("updates"))
    def updates_link(self, blog: LiveBlog) -> str:
        list_url, add_url = reverse("admin:liveblog_update_changelist"), reverse("admin:liveblog_update_add")
        return format_html(
            '<a href="{}?blog={}">{}</a> · <a href="{}?blog={}">{}</a>',
            list_url,
            blog.pk,
            _("List"),
            add_url,
            blog.pk,
            _("Add"),
        )

    @admin.display(description=gettext_lazy("embed code"))
    def embed_code(self, blog: LiveBlog) -> str:
        """Return the snippet that partners copy into a page; without JavaScript it is a plain link."""
        if not visibility.can_read(PUBLIC, blog):
            return _("Once it is public.")
        code = format_html(
            '<blockquote class="newsroom-embed"><a href="{}">{}</a></blockquote>\n'
            '<script async src="{}"></script>',
            absolute(blog.get_absolute_url()),
            blog.full_headline,
            absolute(f"{settings.STATIC_URL}js/embed.js"),
        )
        return format_html('<pre class="embed-code">{}</pre>', escape(code))

    def response_add(
        self, request: HttpRequest, obj: LiveBlog, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Open the desk of a new live blog, so that its coverage can be written."""
        if "_save" in request.POST and IS_POPUP_VAR not in request.POST:
            message = _("“%(blog)s” is a draft: readers see it once its coverage is started.") % {"blog": obj}
            self.message_user(request, message, messages.SUCCESS)
            return redirect("desk:desk", obj.pk)
        return super().response_add(request, obj, post_url_continue)

    # Permissions

    def has_change_permission(self, request: HttpRequest, obj: LiveBlog | None = None) -> bool:
        may_change_some = super().has_change_permission(request, obj)
        # Let posts through, so that the verb can refuse them with a reason.
        if obj is None or request.method == "POST" or not may_change_some:
            return may_change_some
        return visibility.can_read(user_of(request), obj)

    def has_run_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("liveblog.run_coverage")

    def may_edit_content(self, request: HttpRequest, obj: LiveBlog | None = None) -> bool:
        """Return whether the form lets the details be edited.

        Posts always count as editable, so that the verb can refuse them with a reason.
        """
        is_offered = BlogAction.SAVE in publishing.blog_actions_for(user_of(request), obj)
        return is_offered or request.method == "POST"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *arguments: Any, **options: Any
    ) -> HttpResponse:
        blog = context.get("original")
        actions = publishing.blog_actions_for(user_of(request), blog) if blog else []
        context["can_withdraw"] = BlogAction.WITHDRAW in actions
        return super().render_change_form(request, context, *arguments, **options)

    # Saving

    def save_by_verb(
        self, request: HttpRequest, form: Any, rows: dict[str, list[dict[str, Any]]], *, change: bool
    ) -> LiveBlog:
        by, blog = user_of(request), form.saved
        if blog is None:
            return self._with_team(publishing.create_blog(form.details(rows), by=by), form, by)
        seen = form.cleaned_data["seen"]
        try:
            blog = publishing.edit_blog(blog, form.details(rows), by=by, seen=seen)
        except publishing.BlogNeedsSecondPerson:
            save = BlogProposal.Action.SAVE
            publishing.propose_on_blog(blog, save, by=by, details=form.details(rows), seen=seen)
            message = _("Proposed. It is done once a colleague approves it at the desk.")
            self.message_user(request, message, messages.WARNING)
        return self._with_team(blog, form, by)

    def _with_team(self, blog: LiveBlog, form: LiveBlogForm, by: User) -> LiveBlog:
        return publishing.set_team(blog, form.cleaned_data["team"], by=by) if form.is_team_changed else blog

    # List actions

    @admin.action(description=gettext_lazy("Start or resume coverage"), permissions=["run"])
    def start(self, request: HttpRequest, queryset: QuerySet[LiveBlog]) -> object:
        consequence = _("Readers will see each as live, and drafts become public.")
        verb, done = publishing.start_coverage, _("Coverage runs")
        return confirm_each(self, request, queryset, verb, done, consequence)

    @admin.action(description=gettext_lazy("End coverage"), permissions=["run"])
    def end(self, request: HttpRequest, queryset: QuerySet[LiveBlog]) -> object:
        consequence = _("Readers will see that the coverage of each has ended.")
        verb, done = publishing.end_coverage, _("Coverage has ended")
        return confirm_each(self, request, queryset, verb, done, consequence)


def _in_status(status: Update.Status) -> Q:
    return Q(updates__status=status)


def _updates(status: Update.Status) -> Count:
    return Count("updates", filter=_in_status(status))


def _count_link(blog: LiveBlog, count: int, status: Update.Status) -> str:
    """Return the number of updates with this status, as a link to the list of them."""
    query = urlencode({"blog": blog.pk, "status__exact": status.value})
    return format_html('<a href="{}?{}">{}</a>', reverse("admin:liveblog_update_changelist"), query, count)
