"""Partners, their API keys and webhooks, and the progress of deliveries."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from liveblog.models.blog import Language, LiveBlog
from newsroom.http.addresses import check_receiver

KEY_START: Final = "nrk"
MOST_ORIGINS: Final = 20
LONGEST_ORIGIN: Final = 120
# "Last used" may lag by this much, so that not every read causes a write.
USE_NOTED_EVERY: Final = timedelta(minutes=5)
# An origin for a Content-Security-Policy, without characters that could end the source or the directive.
_ORIGIN: Final = re.compile(r"https?://(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?")


class Scope(models.TextChoices):
    """A scope of an API key."""

    READ = "read", _("Read what is public")
    READ_EMBARGOED = "read:embargoed", _("Read granted live blogs while they are under embargo")
    WRITE_DRAFT = "write:draft", _("Write drafts in granted live blogs")
    WRITE_PUBLISH = "write:publish", _("Publish in granted live blogs")


_READING: Final = {Scope.READ, Scope.READ_EMBARGOED}
# The permissions that a scope gives in the live blogs that the partner is granted.
_PERMISSIONS: Final = {
    Scope.WRITE_DRAFT: {"add_update"},
    Scope.WRITE_PUBLISH: {"add_update", "publish_update", "withdraw_update"},
}


def check_origins(text: str) -> None:
    """Raise ValidationError unless `text` lists origins such as `https://example.com:8443`, one a line.

    Every embed's Content-Security-Policy lists them all, so their number and length are limited too.
    """
    lines = list(filter(None, map(str.strip, text.splitlines())))
    if len(lines) > MOST_ORIGINS or max(map(len, lines), default=0) > LONGEST_ORIGIN:
        raise ValidationError(
            _("Give at most %(most)s origins, each of at most %(longest)s characters.")
            % {"most": MOST_ORIGINS, "longest": LONGEST_ORIGIN}
        )
    for line in lines:
        if not _ORIGIN.fullmatch(line):
            raise ValidationError(
                _("“%(line)s” is not an origin. Write each like https://example.com, without a path.")
                % {"line": line}
            )


class PartnerQuerySet(models.QuerySet["Partner"]):
    def framing_origins(self) -> list[str]:
        """Return the origins where active partners may frame embeds, without duplicates and sorted."""
        lines = "\n".join(self.filter(is_active=True).values_list("embed_origins", flat=True)).splitlines()
        return sorted({line.strip() for line in lines if _ORIGIN.fullmatch(line.strip())})


class Partner(models.Model):
    """An organisation that uses the coverage. Grants allow access to embargoed live blogs, and writing."""

    # Annotated by the admin's list.
    usable_count: int
    grant_count: int
    keys_used_at: datetime | None

    name = models.CharField(_("name"), max_length=120, unique=True)
    contact = models.EmailField(
        _("contact"), help_text=_("Notified before a failing webhook is switched off.")
    )
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("If unticked, no key of the partner works and nothing is sent."),
    )
    granted_blogs = models.ManyToManyField(
        LiveBlog, blank=True, related_name="granted_partners", verbose_name=_("granted live blogs")
    )
    embed_origins = models.TextField(
        _("sites that may frame embeds"),
        blank=True,
        validators=[check_origins],
        help_text=_("One origin per line, such as https://example.com"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = PartnerQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("partner")
        verbose_name_plural = _("partners")

    def __str__(self) -> str:
        return self.name

    def is_granted(self, blog: LiveBlog) -> bool:
        return self.granted_blogs.filter(pk=blog.pk).exists()


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self, at: datetime | None = None) -> ApiKeyQuerySet:
        """Return keys of active partners that are neither revoked nor expired."""
        at = at or timezone.now()
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=at),
            revoked_at__isnull=True,
            partner__is_active=True,
        )

    def by_secret(self, key: str) -> ApiKey | None:
        """Return the usable key with this secret, or None; it is looked up by its digest."""
        return self.usable().select_related("partner").filter(digest=digest_of(key)).first()


class ApiKey(models.Model):
    """A partner's API key, shown only once. It is random, so storing a plain SHA-256 of it is safe."""

    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="keys", verbose_name=_("partner")
    )
    label = models.CharField(_("label"), max_length=80, help_text=_("What it is used for."))
    prefix = models.CharField(_("begins with"), max_length=16, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.label})"

    def may(self, permission: str, blog: LiveBlog | None) -> bool:
        """Return whether its scopes give `permission` and its partner is granted `blog`."""
        allowed = any(permission in _PERMISSIONS.get(scope, ()) for scope in self.scopes)
        return allowed and blog is not None and self.partner.is_granted(blog)

    @property
    def may_read(self) -> bool:
        return not _READING.isdisjoint(self.scopes)

    def note_use(self, at: datetime) -> None:
        if self.last_used_at is None or at - self.last_used_at > USE_NOTED_EVERY:
            self.last_used_at = at
            self.save(update_fields=["last_used_at"])

    @property
    def is_usable(self) -> bool:
        """Return whether the key works now: active partner, not revoked, not expired."""
        has_expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return self.partner.is_active and self.revoked_at is None and not has_expired


def new_key() -> str:
    """Return a new key for a partner: a prefix that may be displayed, and 256 random bits."""
    return f"{KEY_START}_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def enabled(self) -> WebhookQuerySet:
        return self.filter(disabled_at__isnull=True, partner__is_active=True)

    def failing(self) -> WebhookQuerySet:
        return self.filter(failing_since_at__isnull=False, disabled_at__isnull=True)


class Webhook(models.Model):
    """A partner's URL that gets each change, signed by https://www.standardwebhooks.com/."""

    # Prefetched by the admin's list.
    readable_blogs: list[LiveBlog]

    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="webhooks", verbose_name=_("partner")
    )
    url = models.URLField(_("address"), max_length=500, validators=[check_receiver])
    edition = models.CharField(
        _("edition"),
        max_length=7,
        choices=Language,
        blank=True,
        help_text=_("Leave empty to send each live blog in its own script."),
    )
    blogs = models.ManyToManyField(
        LiveBlog,
        blank=True,
        related_name="webhooks",
        verbose_name=_("only these live blogs"),
        help_text=_("Leave empty for all public live blogs, and embargoed ones granted to the partner."),
    )
    # Secrets are stored in plain text, because signing needs them. After a rotation both sign for some time.
    secret = models.CharField(max_length=80, editable=False)
    previous_secret = models.CharField(max_length=80, blank=True, editable=False)
    previous_secret_until_at = models.DateTimeField(null=True, editable=False)
    failing_since_at = models.DateTimeField(_("failing since"), null=True, editable=False)
    warned_at = models.DateTimeField(_("partner warned"), null=True, editable=False)
    disabled_at = models.DateTimeField(_("switched off"), null=True, editable=False)
    disabled_because = models.CharField(_("why"), max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["partner__name", "pk"]
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return self.url

    @property
    def is_enabled(self) -> bool:
        return self.disabled_at is None

    def secrets_at(self, at: datetime) -> list[str]:
        """Return the secrets that sign at this time, newest first."""
        is_rotating = self.previous_secret_until_at is not None and at < self.previous_secret_until_at
        return [self.secret, self.previous_secret] if is_rotating else [self.secret]


class WebhookCursorQuerySet(models.QuerySet["WebhookCursor"]):
    def free(self, at: datetime) -> WebhookCursorQuerySet:
        """Return cursors that no sender has leased."""
        return self.filter(Q(leased_until_at__isnull=True) | Q(leased_until_at__lte=at))

    def behind(self) -> WebhookCursorQuerySet:
        """Return cursors of enabled webhooks whose log has advanced."""
        return self.filter(webhook__in=Webhook.objects.enabled(), blog__number__gt=F("number"))

    def backlog(self) -> int:
        """Return the number of changes that enabled webhooks still have to get."""
        return self.behind().aggregate(changes=Sum(F("blog__number") - F("number")))["changes"] or 0


class WebhookCursor(models.Model):
    """A webhook's progress in a live blog's log, and its next attempt."""

    # Annotated by the admin's list.
    pending: int

    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="cursors", verbose_name=_("webhook")
    )
    blog = models.ForeignKey(
        LiveBlog, on_delete=models.PROTECT, related_name="+", verbose_name=_("live blog")
    )
    number = models.PositiveIntegerField(_("number"), help_text=_("The last one that was delivered."))
    # True if the partner may have data of the live blog, and so must be notified when it is gone. It is set
    # before the first attempt, because even a failed request may have been read.
    is_held = models.BooleanField(default=False, editable=False)
    # True after a backup was restored, until the partner has been told to drop its copy.
    must_start_again = models.BooleanField(default=False, editable=False)
    attempts = models.PositiveIntegerField(_("failed attempts"), default=0)
    failing_since_at = models.DateTimeField(_("failing since"), null=True)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True)
    # The lease of the delivering process. If it dies, another process continues after this time.
    leased_until_at = models.DateTimeField(null=True, editable=False)

    objects = WebhookCursorQuerySet.as_manager()

    class Meta:
        ordering = ["webhook", "blog"]
        verbose_name = _("webhook's cursor")
        verbose_name_plural = _("webhooks' cursors")
        constraints = [
            models.UniqueConstraint(fields=["webhook", "blog"], name="cursor_once_per_webhook_and_blog"),
        ]

    def __str__(self) -> str:
        return f"{self.webhook} {self.blog.slug} {self.number}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def asked_for(self, at: datetime) -> DeliveryQuerySet:
        """Return manually requested deliveries that no process is sending."""
        return self.filter(asked_for_at__lte=at, webhook__partner__is_active=True).order_by("pk")


class Delivery(models.Model):
    """An attempt to deliver a change or a test event, with its payload and response."""

    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("webhook")
    )
    blog = models.ForeignKey(
        LiveBlog,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("live blog"),
        help_text=_("None for a test event."),
    )
    number = models.PositiveIntegerField(_("number"))
    attempt = models.PositiveIntegerField(_("attempt"))
    at = models.DateTimeField(_("at"))
    # Set for manually requested deliveries until they are sent. During sending, it is when the lease ends.
    asked_for_at = models.DateTimeField(null=True, editable=False)
    milliseconds = models.PositiveIntegerField(_("took (ms)"), null=True)
    status = models.PositiveSmallIntegerField(_("answer"), null=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    body = models.TextField(_("payload"))
    answer = models.TextField(_("start of the response"), blank=True)
    is_delivered = models.BooleanField(_("delivered"), default=False)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(fields=["webhook", "-at"], name="delivery_of_webhook"),
            models.Index(
                fields=["asked_for_at"],
                condition=Q(asked_for_at__isnull=False),
                name="delivery_asked_for",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.blog.slug} {self.number}, {self.attempt}" if self.blog else gettext("Test event")
