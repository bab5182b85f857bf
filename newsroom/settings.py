"""All settings and environment variables. All malformed values are reported together."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key
from django.utils.translation import gettext_lazy as _
from environs import Env, validate
from whitenoise.compress import Compressor

from newsroom import __version__
from newsroom.setting_checks import (
    check_contact,
    check_index_key,
    check_networks,
    check_tag_authority,
    check_token,
    check_url,
    reachable_address,
)

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env(eager=False)
# Settings may be in a file; environment variables take precedence.
ENV_FILE = env.path("ENV_FILE", BASE_DIR / ".env")
env.read_env(ENV_FILE, recurse=False)

DEBUG = env.bool("DEBUG", False)
# A demo newsroom, for this machine only. `make run` sets it.
DEMO = env.bool("DEMO", False)
DATA_DIR = env.path("DATA_DIR", BASE_DIR / "var")
_secret_key = env.str("SECRET_KEY", "")
# Earlier secret keys, so that changing the key does not end sessions.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
# The address that `make run` listens on.
HOST = env.str("HOST", "127.0.0.1")
PORT = env.int("PORT", 8000, validate=validate.Range(min=1, max=65535))
_is_any_host = HOST in ("0.0.0.0", "::")
_demo_host = reachable_address(HOST) if _is_any_host else HOST
_demo_host = f"[{_demo_host}]" if ":" in _demo_host else _demo_host
_site_url: str | None = env.str("SITE_URL", None, validate=validate.URL(require_tld=False))
_allowed_hosts: list[str] = env.list("ALLOWED_HOSTS", [])
# Networks of the reverse proxies, whose X-Forwarded-For entries are trusted.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", ["127.0.0.1", "::1"], validate=check_networks)
# HSTS options that also affect other hosts of the domain.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_INCLUDE_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", False)
# The URL to which browsers report violations of the Content Security Policy.
CSP_REPORT_URL = env.str("CSP_REPORT_URL", "", validate=check_url)
# For /.well-known/security.txt (RFC 9116), which exists once there is a contact.
SECURITY_CONTACT = env.str("SECURITY_CONTACT", "", validate=check_contact)
SECURITY_POLICY_URL = env.str("SECURITY_POLICY_URL", "", validate=check_url)
_database = env.dj_db_url("DATABASE_URL", f"sqlite:///{DATA_DIR / 'newsroom.sqlite3'}")
DATABASE_POOL_SIZE = env.int("DATABASE_POOL_SIZE", 10, validate=validate.Range(min=1))
# How long a request waits for a database lock before the response is 503.
DATABASE_WAIT_SECONDS = env.int("DATABASE_WAIT_SECONDS", 8, validate=validate.Range(min=1, max=60))

# Seconds within which a client must send a request and read a response.
REQUEST_TIMEOUT = env.int("REQUEST_TIMEOUT", 15, validate=validate.Range(min=1, max=300))
# Open streams per client address and process; 0 means no limit.
STREAMS_PER_ADDRESS = env.int("STREAMS_PER_ADDRESS", 200, validate=validate.Range(min=0))
# Memory for whole answers that a process keeps until the log moves on; 0 keeps none.
KEPT_ANSWERS_MEGABYTES = env.int("KEPT_ANSWERS_MEGABYTES", 64, validate=validate.Range(min=0))

# The publisher of the site, for readers, feeds and search engines.
SITE_NAME = env.str("SITE_NAME", "Newsroom")
SITE_LANGUAGE = env.str("SITE_LANGUAGE", "zh-hant", validate=validate.OneOf(["zh-hant", "zh-hans", "en"]))
SITE_LOGO_URL = env.str("SITE_LOGO_URL", "")
SITE_CONTACT = env.str("SITE_CONTACT", "")
SITE_LEGAL_LINKS: dict[str, str] = env.dict("SITE_LEGAL_LINKS", {})

# The authority in ids of feeds and ninjs (RFC 4151). The default is SITE_URL's host, which a move changes.
TAG_AUTHORITY = env.str("TAG_AUTHORITY", "", validate=check_tag_authority)
# Services to notify of changes: a WebSub hub, which notifies subscribers of feeds, and search engines.
WEBSUB_HUB = env.str("WEBSUB_HUB", "", validate=check_url)
INDEXNOW_KEY = env.str("INDEXNOW_KEY", "", validate=check_index_key)
INDEXNOW_URL = env.str("INDEXNOW_URL", "https://api.indexnow.org/indexnow", validate=check_url)

# Rate limits of the API, per client address and per key; 0 means no limit.
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", 120, validate=validate.Range(min=0))
API_KEY_REQUESTS_PER_MINUTE = env.int("API_KEY_REQUESTS_PER_MINUTE", 600, validate=validate.Range(min=0))

# Roles whose members must sign in with a second factor; `*` is everybody.
SECOND_FACTOR_ROLES: list[str] = env.list("SECOND_FACTOR_ROLES", [])
# Sessions end after this many hours of inactivity, and after this many hours in any case.
SESSION_IDLE_HOURS = env.int("SESSION_IDLE_HOURS", 12, validate=validate.Range(min=1))
SESSION_HOURS = env.int("SESSION_HOURS", 168, validate=validate.Range(min=1))
# Minutes for which a password or second factor allows changes to keys, secrets, roles and people.
CONFIRMATION_MINUTES = env.int("CONFIRMATION_MINUTES", 15, validate=validate.Range(min=1))
# Hours for which a password that somebody else chose works.
INITIAL_PASSWORD_HOURS = env.int("INITIAL_PASSWORD_HOURS", 72, validate=validate.Range(min=1))

# Mail to partners and staff. By default it is written to the server's console.
_email = env.dj_email_url("EMAIL_URL", "console:")
_email_from = env.str("EMAIL_FROM", "")
# Hosts to which webhooks may be sent although they are private or without TLS, for testing receivers.
WEBHOOK_TEST_HOSTS: list[str] = env.list("WEBHOOK_TEST_HOSTS", [])

# Logs: a line of text for each record, or a JSON object; and a record for each request that Django handles.
LOG_FORMAT = env.str("LOG_FORMAT", "line", validate=validate.OneOf(["line", "json"]))
LOG_REQUESTS = env.bool("LOG_REQUESTS", False)
# The token and the networks that may read /metrics. The page does not exist while both are unset.
METRICS_TOKEN = env.str("METRICS_TOKEN", "", validate=check_token)
METRICS_NETWORKS: list[str] = env.list("METRICS_NETWORKS", [], validate=check_networks)
# The files through which the processes of one server share their figures; it must be a local disk.
METRICS_DIR = env.path("METRICS_DIR", DATA_DIR / "metrics")
# Free space below which the site is not ready.
DISK_RESERVE_MEGABYTES = env.int("DISK_RESERVE_MEGABYTES", 512, validate=validate.Range(min=0))
# The Sentry project to report errors to. This needs the package sentry-sdk.
SENTRY_DSN = env.str("SENTRY_DSN", "", validate=check_url)
# Days after which readers' responses lose their personal data; 0 keeps it.
RESPONSES_KEPT_DAYS = env.int("RESPONSES_KEPT_DAYS", 0, validate=validate.Range(min=0))
env.seal()

SITE_URL = (_site_url or f"http://{_demo_host}:{PORT}").rstrip("/")
_site = urlsplit(SITE_URL)
_hostname = _site.hostname or ""
_is_https = _site.scheme == "https"
TAG_AUTHORITY = TAG_AUTHORITY or _hostname

# Drafts, sources and keys are stored here, so deny access to other accounts regardless of the umask.
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)


def _kept_secret_key() -> str:
    """Return the demo's secret key, which is stored so that sessions survive a restart."""
    path = DATA_DIR / "secret-key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(get_random_secret_key())
    return path.read_text()


if DEMO and (_is_https or _secret_key):
    raise ImproperlyConfigured(
        "DEMO is for trying the newsroom out on this machine; it refuses a SECRET_KEY and an https SITE_URL."
    )
if not _secret_key and not DEMO:
    raise ImproperlyConfigured("Set SECRET_KEY (or DEMO=true to try the newsroom out on this machine).")
if not _site_url and not DEMO and not DEBUG:
    raise ImproperlyConfigured("Set SITE_URL to the site's own address: no other host would be answered.")
if SECURE_HSTS_PRELOAD and not SECURE_HSTS_INCLUDE_SUBDOMAINS:
    raise ImproperlyConfigured("HSTS_PRELOAD needs HSTS_INCLUDE_SUBDOMAINS: preload lists require it.")
SECRET_KEY = _secret_key or _kept_secret_key()

ALLOWED_HOSTS = [_hostname, *_allowed_hosts]
if DEMO:
    # A server that listens on all addresses cannot know the names under which it will be requested.
    ALLOWED_HOSTS += ["*"] if _is_any_host else ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [SITE_URL]

INSTALLED_APPS = [
    "newsroom.apps.NewsroomAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "newsroom.apps.NewsroomStaticFilesConfig",
    "csp",
    "django_filters",
    "django_prose_editor",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "newsroom.apps.NewsroomConfig",
    "newsroom.access",
    "liveblog",
]

MIDDLEWARE = [
    "newsroom.http.request_ids.identify",
    "liveblog.monitoring.endpoints.answer_monitors",
    "newsroom.metrics.count_requests",
    "newsroom.middleware.lean_polls",
    "newsroom.middleware.finish_headers",
    "newsroom.http.concurrency.limit_concurrency",
    "newsroom.http.compression.normalize_accept_encoding",
    "django.middleware.security.SecurityMiddleware",
    "newsroom.csp.InertStaticFiles",
    "newsroom.middleware.busy_database",
    "newsroom.http.parameters.refuse_malformed",
    "newsroom.csp.PolicyMiddleware",
    "newsroom.middleware.SessionMiddleware",
    "newsroom.middleware.AdminLocaleMiddleware",
    "newsroom.http.bodies.refuse_large_body",
    "django.middleware.common.CommonMiddleware",
    "newsroom.middleware.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "newsroom.access.middleware.guard_sessions",
    "liveblog.audit.middleware.remember_origin",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "newsroom.urls"
ASGI_APPLICATION = "newsroom.asgi.application"
WSGI_APPLICATION = "newsroom.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "newsroom.site.site",
            ],
        },
    },
]

if _database["ENGINE"] == "django.db.backends.sqlite3":
    # Django's own backend with a fair queue of this process's writers.
    _database["ENGINE"] = "newsroom.sqlite"
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": DATABASE_WAIT_SECONDS,
        # With synchronous=NORMAL, a power failure could lose changes that were acknowledged.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    # Create the file with mode 600, because SQLite would use the umask. Its side files get the same mode.
    _file = Path(_database["NAME"])
    if _file.is_absolute() and _file.parent.is_dir() and not _file.exists():
        _file.touch(mode=0o600)
elif _database["ENGINE"] == "django.db.backends.postgresql":
    # Django does not allow a pool with persistent connections. An exhausted pool makes the response a 503.
    _database["CONN_MAX_AGE"] = 0
    # Let the pool check each connection before use, because a failover leaves dead ones.
    _database["CONN_HEALTH_CHECKS"] = True
    _database.setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": DATABASE_POOL_SIZE,
        "timeout": 5,
    }
    # Bound locks, statements and abandoned transactions. DATABASE_URL can override this: `?options=-c%20…`.
    _database["OPTIONS"].setdefault(
        "options",
        f"-c lock_timeout={DATABASE_WAIT_SECONDS}s -c statement_timeout=60s"
        " -c idle_in_transaction_session_timeout=60s",
    )
DATABASES = {"default": _database}

# All processes share the cache for counts such as rate limits, so it is in the database.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "newsroom_cache",
        # Beyond this, a third of all rows is culled, including counts that are still needed. The number is so
        # high that nobody can evict counts by flooding the site from many addresses; expired counts are
        # removed within a minute.
        "OPTIONS": {"MAX_ENTRIES": 5_000_000},
    }
}

if "EMAIL_BACKEND" not in _email:
    raise ImproperlyConfigured("EMAIL_URL is no such address as smtp://user:password@host:587/?tls=true")
EMAIL_BACKEND = _email["EMAIL_BACKEND"]
# Offer password resets only if mail is really sent: other backends write the links to a log.
HAS_MAIL = EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST, EMAIL_PORT = _email["EMAIL_HOST"], _email["EMAIL_PORT"] or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_USER"], _email["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _email["EMAIL_USE_TLS"], _email["EMAIL_USE_SSL"]
# An unresponsive mail server must not block the sender.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _email_from or SITE_CONTACT or f"newsroom@{_hostname}"

LANGUAGE_CODE = SITE_LANGUAGE
LANGUAGES = [
    ("zh-hant", _("Traditional Chinese")),
    ("zh-hans", _("Simplified Chinese")),
    ("en", _("English")),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Hong_Kong"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
STORAGES = {
    # Stored pictures and their renditions, which are never served from here.
    "default": {
        "BACKEND": "newsroom.durable_storage.DurableStorage",
        "OPTIONS": {
            "location": DATA_DIR / "private",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    # Renditions of pictures that a page currently shows.
    "public": {
        "BACKEND": "newsroom.durable_storage.DurableStorage",
        "OPTIONS": {
            "location": DATA_DIR / "media",
            "base_url": MEDIA_URL,
            # A proxy may read these files if it is given access to DATA_DIR.
            "file_permissions_mode": 0o644,
            "directory_permissions_mode": 0o755,
        },
    },
    "staticfiles": {
        "BACKEND": "newsroom.static_files.PlainStaticFiles" if DEBUG else "newsroom.static_files.StaticFiles"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
# Files that browsers and phones always request at the root: favicon.ico, apple-touch-icon.png.
WHITENOISE_ROOT = BASE_DIR / "static" / "root"
# Only developers' tools fetch source maps, and compressing them took most of collectstatic's time.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [*Compressor.SKIP_COMPRESS_EXTENSIONS, "map"]

AUTHENTICATION_BACKENDS = ["newsroom.sign_in.LimitedBackend"]
PASSWORD_HASHERS = ["newsroom.passwords.QueuedPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "newsroom.passwords.StrengthValidator"},
]
LOGIN_URL = "admin:login"
# One hour for the link in an e-mail.
PASSWORD_RESET_TIMEOUT = 60 * 60
CSRF_FAILURE_VIEW = "liveblog.desk.access.csrf_failure"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
# The proxy sets this header. Forging it gains nothing, because it only makes checks stricter.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _is_https else None
# Scripts do not read the CSRF token from the cookie; the desk's scripts fetch it (liveblog.desk.access).
CSRF_COOKIE_HTTPONLY = True
SESSION_ENGINE = "newsroom.access.session_store"
SESSION_COOKIE_AGE = SESSION_HOURS * 60 * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_https
# Browsers accept the prefix only from this host over TLS, so nobody else can plant such a cookie.
_cookie_prefix = "__Host-" if _is_https else ""
SESSION_COOKIE_NAME = f"{_cookie_prefix}sessionid"
CSRF_COOKIE_NAME = f"{_cookie_prefix}csrftoken"
BROWSER_COOKIE_NAME = f"{_cookie_prefix}newsroom_browser"
# The cookie of Django's default storage would have no prefix.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# One year, which preload lists require at least.
SECURE_HSTS_SECONDS = 31_536_000 if _is_https else 0
SILENCED_SYSTEM_CHECKS = [
    # The check only knows Django's own CSRF middleware, not the subclass in newsroom.middleware.
    "security.W003",
    # HSTS for subdomains and preloading affect other hosts, so they are left to the operator's settings.
    "security.W005",
    "security.W021",
    # The proxy redirects http to https.
    "security.W008",
    # The desk frames its own previews. Pages that others may frame have no X-Frame-Options at all.
    "security.W019",
]

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

REST_FRAMEWORK = {
    # Views set authentication, throttling and parsers themselves (`liveblog.api.answers`).
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "liveblog.api.pagination.ByIdPagination",
    "DEFAULT_SCHEMA_CLASS": "liveblog.api.describing.OperationSchema",
    "DEFAULT_PARSER_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "EXCEPTION_HANDLER": "liveblog.api.problems.handle",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Newsroom API",
    "DESCRIPTION": (
        "Live coverage to read, to follow and to write. What is public needs no key. The licence is that of "
        "this interface and its software; texts and pictures belong to their publisher."
    ),
    "VERSION": __version__,
    "CONTACT": {"name": SITE_NAME, "url": SITE_URL}
    | ({"email": SITE_CONTACT} if "@" in SITE_CONTACT else {}),
    "LICENSE": {"name": "BSD 3-Clause License", "identifier": "BSD-3-Clause"},
    "SERVERS": [{"url": SITE_URL, "description": SITE_NAME}],
    "TAGS": [
        {"name": "root", "description": "The addresses below."},
        {"name": "blogs", "description": "Live blogs: to read, to follow, to write into."},
        {"name": "updates", "description": "Updates of all live blogs."},
        {"name": "related-stories", "description": "What live blogs and updates link to."},
        {"name": "topics", "description": "Topics that live blogs stand under."},
        {"name": "search", "description": "Full-text search."},
        {"name": "webhooks", "description": "What partners are sent, signed as Standard Webhooks says."},
    ],
    "WEBHOOKS": ["liveblog.api.webhooks.change", "liveblog.api.webhooks.test"],
    "OAS_VERSION": "3.1.0",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "PublishedStatusEnum": ["published"],
        "WithdrawnStatusEnum": ["withdrawn"],
        "DraftStatusEnum": ["draft", "submitted", "scheduled"],
        "EntryStatusEnum": ["draft", "published"],
    },
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "liveblog.api.describing.let_fields_be_left_out",
        "liveblog.api.webhooks.describe_headers",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "newsroom.logs.Lines",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
        "json": {"()": "newsroom.logs.JsonLines"},
    },
    "filters": {
        "request_id": {"()": "newsroom.logs.AddRequestId"},
        "count": {"()": "newsroom.metrics.CountRecords"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["request_id", "count"],
        },
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        # Clients cause these, by an unknown Host or 1,001 parameters, and each would log a traceback.
        "django.security": {"level": "CRITICAL"},
        "django.security.csrf": {"level": "WARNING"},
        # uvicorn gives its loggers handlers of their own, whose lines would not be in the same format.
        "uvicorn": {"handlers": [], "propagate": True},
        "uvicorn.error": {"handlers": [], "propagate": True},
        # It logs whole addresses, including what readers search for. LOG_REQUESTS logs the view instead.
        "uvicorn.access": {"handlers": [], "propagate": False},
    },
}
