"""Django settings. What differs between installations is read in `environment.py` alone."""

from __future__ import annotations

from pathlib import Path

from tongban import __version__
from tongban.web.environment import (
    database_settings,
    mail_settings,
    make_home,
    read_environment,
    secret_key,
)

ENVIRONMENT = read_environment()
make_home(ENVIRONMENT)
TONGBAN_VERSION = __version__
TONGBAN_FILES = ENVIRONMENT.files
TONGBAN_INDEX = ENVIRONMENT.index
TONGBAN_KEYS = ENVIRONMENT.keys
TONGBAN_CIPHER = ENVIRONMENT.cipher
TONGBAN_LEDGER_ORIGIN = ENVIRONMENT.origin
TONGBAN_LEDGER_POLICY = ENVIRONMENT.ledger_policy
TONGBAN_REGION = ENVIRONMENT.region
# Requests a second that one client may go on making, per process; 0 for no limit.
TONGBAN_CLIENT_RATE = ENVIRONMENT.client_rate

DEBUG = False
SECRET_KEY = secret_key(ENVIRONMENT)
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "oauth2_provider",
    # Before ninja and allauth: our pages take the place of theirs.
    "tongban.ledger",
    "tongban.directory",
    "tongban.catalogue",
    "tongban.cases",
    "tongban.web",
    "ninja",
    "django.contrib.humanize",
    # For its copy of htmx only.
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "tongban.web.middleware.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tongban.web.middleware.ClientRateMiddleware",
    "tongban.web.middleware.RequestSizeMiddleware",
    "tongban.web.middleware.SameForAllMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "tongban.web.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tongban.web.middleware.SessionEndMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tongban.web.middleware.NoStoreMiddleware",
    "tongban.web.gatekeeping.GateMiddleware",
    "tongban.web.middleware.ErrorPageMiddleware",
]

ROOT_URLCONF = "tongban.web.urls"
WSGI_APPLICATION = "tongban.web.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tongban.web.context.frame",
            ],
        },
    },
]

DATABASES = {"default": database_settings(ENVIRONMENT)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "directory.Account"
AUTHENTICATION_BACKENDS = ["tongban.directory.sign_in.adapter.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "tongban.directory.sign_in.passwords.BreachedPasswordValidator"},
]
# The last one is for the secrets of systems alone: they are long and random.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "tongban.web.openid.hashing.RandomSecretHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "web:home"
LOGOUT_REDIRECT_URL = "web:home"

# The name that people know, not the account's.
ACCOUNT_USER_DISPLAY = str
ACCOUNT_ADAPTER = "tongban.directory.sign_in.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "phone", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "phone", "password1*", "password2*"]
ACCOUNT_USERNAME_VALIDATORS = "tongban.directory.sign_in.adapter.USERNAME_VALIDATORS"
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PHONE_VERIFICATION_TIMEOUT = 10 * 60
PASSWORD_RESET_TIMEOUT = 10 * 60
# A whole hall of people shares an address; failures have limits of their own (`limits.py`).
ACCOUNT_RATE_LIMITS = {"login": "300/m/ip", "signup": "60/m/ip", "request_login_code": "60/m/ip"}
# Six digits, for phones and for older eyes; three tries a code, few codes an hour.
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_FORMS = {
    "login": "tongban.directory.sign_in.forms.SignInForm",
    "request_login_code": "tongban.directory.sign_in.forms.RequestCodeForm",
}
# The upstream itself is read from the environment by the adapter.
SOCIALACCOUNT_ADAPTER = "tongban.directory.sign_in.upstream.adapter.SocialAdapter"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "provider_class": "tongban.directory.sign_in.upstream.provider.UpstreamProvider"
    }
}
MFA_ADAPTER = "tongban.directory.sign_in.adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {"add_webauthn": "tongban.directory.sign_in.forms.AddPasskeyForm"}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not ENVIRONMENT.production
MFA_TOTP_ISSUER = "Tongban"
globals().update(mail_settings(ENVIRONMENT))
DEFAULT_FROM_EMAIL = ENVIRONMENT.mail_from
# Counts of attempts are shared by all processes and machines.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "tongban_cache",
        # So many that a flood of keys does not push out the counts of attempts.
        "OPTIONS": {"MAX_ENTRIES": 200_000},
    }
}

# Department systems sign people in through us: OpenID Connect Core, RFC 7636, RFC 9700.
OAUTH2_PROVIDER_APPLICATION_MODEL = "directory.ConnectedSystem"
OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OIDC_ISS_ENDPOINT": ENVIRONMENT.issuer,
    "OIDC_SERVER_CLASS": "tongban.web.openid.server.Server",
    "OAUTH2_VALIDATOR_CLASS": "tongban.web.openid.validator.Validator",
    "SCOPES_BACKEND_CLASS": "tongban.web.openid.validator.Scopes",
    "CLIENT_SECRET_HASHER": "random_secret",
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"] if ENVIRONMENT.production else ["https", "http"],
    "PKCE_REQUIRED": True,
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
    "ACCESS_TOKEN_EXPIRE_SECONDS": 10 * 60,
    "ID_TOKEN_EXPIRE_SECONDS": 10 * 60,
    # After so long without a renewal the person signs in again.
    "REFRESH_TOKEN_EXPIRE_SECONDS": 12 * 3600,
    "ROTATE_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": ENVIRONMENT.production,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [Path(__file__).parent / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = ENVIRONMENT.home / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# A class or picture that a library names but does not ship must not take a page down.
WHITENOISE_MANIFEST_STRICT = False

# The prefix lets no other host of the domain set them (RFC 6265bis 4.1.3.2); it needs https.
COOKIE_PREFIX = "__Host-" if ENVIRONMENT.production else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}tongban_session"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}tongban_csrf"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = ENVIRONMENT.production
CSRF_COOKIE_SECURE = ENVIRONMENT.production
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "tongban.web.errors.csrf_refused"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
# Without a proxy in front anybody could claim to speak https.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.proxies else None
SECURE_HSTS_INCLUDE_SUBDOMAINS = ENVIRONMENT.production
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if ENVIRONMENT.production else 0
X_FRAME_OPTIONS = "DENY"
# `{nonce}` is new for every answer; only scripts that carry it run.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'nonce-{nonce}'; img-src 'self' data:; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# Five files of the largest size that guides usually allow, and the form around them.
REQUEST_BYTES_MOST = 64 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "bare": {"format": "{message}", "style": "{"},
        "line": {"()": "tongban.web.logs.LineFormatter"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
        "security": {"class": "logging.StreamHandler", "formatter": "bare"},
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        # It says which characters a document holds.
        "fontTools": {"level": "WARNING"},
        "tongban.security": {"handlers": ["security"], "propagate": False},
    },
}
