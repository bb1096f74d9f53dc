"""Typed settings, read once from the environment."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

CHECKOUT = Path(__file__).resolve().parent.parent
"""The folder that holds ``webapp/``, ``cities/`` and ``static/``."""


LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")
"""Linux takes no longer path for a Unix socket."""


class Settings(BaseSettings):
    """Everything an operator can set. ``docs/settings.md`` explains each; a test keeps it complete."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    home: Path = Field(
        default=CHECKOUT / "var",
        validation_alias="PINWARD_HOME",
        description="Folder for everything Pinward writes: the private cluster, uploads, logs.",
    )
    # Not pydantic's PostgresDsn: that refuses a server reached by a Unix socket (?host=/folder).
    database_url: str | None = Field(
        default=None,
        pattern=r"^postgresql://",
        validation_alias="DATABASE_URL",
        description="PostgreSQL with PostGIS. Without it the private cluster in PINWARD_HOME is used.",
    )
    city: str | None = Field(
        default=None,
        validation_alias="PINWARD_CITY",
        description="Short name of the city to serve. Without it: the only city, or the first one loaded.",
    )
    port: int = Field(
        default=8311, ge=1, le=65535, validation_alias="PORT", description="Port that people connect to."
    )
    secret: SecretStr | None = Field(
        default=None,
        validation_alias="PINWARD_SECRET",
        description="Signs sessions and forms; the same on every web node. "
        "Without it a random one is kept in PINWARD_HOME/secret.",
    )
    public_url: str | None = Field(
        default=None,
        validation_alias="PINWARD_URL",
        description="The address people know, such as https://311.example.gov; used in mail and in Open311.",
    )
    smtp_url: str | None = Field(
        default=None,
        validation_alias="PINWARD_SMTP",
        description="smtp://user:password@host:587 (STARTTLS) or smtps://…:465. "
        "Without it mail is kept in PINWARD_HOME/mail as files.",
    )
    mail_from: str = Field(
        default="Pinward 311 <311@pinward.example>",
        validation_alias="PINWARD_MAIL_FROM",
        description="Sender of all mail.",
    )
    bounces: str | None = Field(
        default=None,
        pattern=r"^[^@+\s]+@[^@\s]+$",
        validation_alias="PINWARD_BOUNCES",
        description="Where mail that cannot be delivered comes back to, such as bounces@311.example.gov: "
        "each mail goes out from an address of its own, bounces+…@, which the mail server hands to "
        "'pinward mail bounce'.",
    )
    sms_url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        validation_alias="PINWARD_SMS_URL",
        description="The SMS gateway, by HTTP: each text is a POST there. "
        "Without it texts are kept in PINWARD_HOME/mail as files.",
    )
    sms_token: SecretStr | None = Field(
        default=None,
        validation_alias="PINWARD_SMS_TOKEN",
        description="What the gateway lets us in by: a bearer token, or user:password.",
    )
    sms_body: str = Field(
        default='{"to": "{to}", "text": "{text}"}',
        validation_alias="PINWARD_SMS_BODY",
        description="What is sent there, as JSON or as the fields of a form such as To={to}&Body={text}; "
        "{to} is the number, {text} the text and {id} the same for a repeat.",
    )
    sms_country: str = Field(
        default="1",
        pattern=r"^\+?[1-9]\d{0,2}$",
        validation_alias="PINWARD_SMS_COUNTRY",
        description="The country code of phone numbers that are written without one.",
    )
    push_key: SecretStr | None = Field(
        default=None,
        validation_alias="PINWARD_PUSH_KEY",
        description="Signs messages pushed to browsers (VAPID); the same on every node; "
        "'pinward push key' makes one. Without it one is made once and kept in PINWARD_HOME/push-key.",
    )
    shared_data: Path = Field(
        default=CHECKOUT.parent / "shared",
        validation_alias="PINWARD_SHARED",
        description="Folder that city files mean by ${SHARED}: source data too large for the repository.",
    )
    storage: str | None = Field(
        default=None,
        pattern=r"^s3://[^/]+",
        validation_alias="PINWARD_STORAGE",
        description="Keeps uploads and the event log in an S3-compatible store, such as s3://bucket/folder; "
        "keys, region and endpoint come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and "
        "AWS_ENDPOINT_URL. Without it they are kept in PINWARD_HOME.",
    )
    proxies: int = Field(
        default=0,
        ge=0,
        validation_alias="PINWARD_PROXIES",
        description="How many proxies of yours, such as a TLS balancer, stand before Pinward's own nginx.",
    )
    hooks_inside: bool = Field(
        default=False,
        validation_alias="PINWARD_HOOKS_INSIDE",
        description="Lets webhooks and back offices be at private addresses and on plain http: "
        "for tests and closed networks.",
    )
    back_office_keys: dict[str, SecretStr] = Field(
        default={},
        validation_alias="PINWARD_BACK_OFFICE_KEYS",
        description='The keys that back offices gave us, as JSON: {"CITY/CODE": "KEY", …}, '
        "with the code from the city file.",
    )
    oidc_issuer: str | None = Field(
        default=None,
        pattern=r"^https?://",
        validation_alias="PINWARD_OIDC_ISSUER",
        description="The OpenID Connect provider that staff may sign in by, such as https://login.example.gov.",
    )
    oidc_client_id: str = Field(
        default="pinward",
        validation_alias="PINWARD_OIDC_CLIENT",
        description="As which client the provider knows us; it sends people back to /sign-in/oidc/back.",
    )
    oidc_client_secret: SecretStr | None = Field(
        default=None, validation_alias="PINWARD_OIDC_SECRET", description="The client's secret."
    )
    oidc_name: str = Field(
        default="the city's account",
        validation_alias="PINWARD_OIDC_NAME",
        description="What the button to sign in calls the provider.",
    )
    oidc_roles: dict[str, str] = Field(
        default={},
        validation_alias="PINWARD_OIDC_ROLES",
        description='JSON of values of a claim to roles, such as {"311-desk": "agent"}: '
        "then only people with one of them are let in, with that role.",
    )
    oidc_role_claim: str = Field(
        default="groups",
        validation_alias="PINWARD_OIDC_ROLE_CLAIM",
        description="The claim that PINWARD_OIDC_ROLES is about.",
    )
    oidc_adds: bool = Field(
        default=False,
        validation_alias="PINWARD_OIDC_ADDS",
        description="Gives somebody new whose claim is mapped to a role an account on signing in.",
    )
    embedded_by: str = Field(
        default="'self' https:",
        pattern=r"^('self'|'none'|\*|https?:(//[^\s;,]+)?)( ('self'|https?:(//[^\s;,]+)?))*$",
        validation_alias="PINWARD_EMBEDDED_BY",
        description="The sites that may show the embedded maps, such as 'self' https://council.example.gov; "
        "without it any that is served by https.",
    )
    demo: bool = Field(
        default=False,
        validation_alias="PINWARD_DEMO",
        description="Shows the demo accounts on the sign-in page. Never set it for a real city.",
    )

    @field_validator("sms_body")
    @classmethod
    def _readable(cls, value: str) -> str:
        if value.lstrip().startswith("{"):
            json.loads(value)
        return value

    @field_validator("push_key")
    @classmethod
    def _a_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[\w-]{43}", value.get_secret_value(), re.ASCII):
            raise ValueError("it is no key that 'pinward push key' printed")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings

    @cached_property
    def socket_folder(self) -> Path:
        """Where the private cluster's Unix socket is: in ``home``, or in /tmp if that path is too long."""
        return _short(self.home.absolute() / "postgres" / "socket")

    @cached_property
    def run_folder(self) -> Path:
        """Where running processes keep their sockets and pid files; like ``socket_folder`` never too long."""
        return _short(self.home.absolute() / "run")

    @cached_property
    def front_tiles(self) -> Path:
        """Where nginx keeps tiles of tickets; the web processes delete those that have changed."""
        return self.home.absolute() / "tmp" / "tickets"

    @cached_property
    def database(self) -> str:
        """The database to use, as a URL: the one named by ``DATABASE_URL``, or the private cluster's."""
        if self.database_url is not None:
            return self.database_url
        return f"postgresql://pinward@/pinward?host={quote(str(self.socket_folder))}"

    @property
    def catches_mail(self) -> bool:
        """Whether this is the demo, and shows the messages that it would send."""
        return self.demo and self.smtp_url is None

    @cached_property
    def kept_in(self) -> str:
        """Where uploads and the event log are kept: a folder, or an S3-compatible store."""
        return self.storage or str(self.home)

    @cached_property
    def secret_key(self) -> str:
        """The signing key: from the environment, or made once and kept in ``home/secret`` (mode 0600)."""
        if self.secret is not None:
            return self.secret.get_secret_value()
        path = self.home / "secret"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600, exist_ok=True)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text().strip()


def _short(folder: Path) -> Path:
    """Return ``folder``, or one under /tmp where a socket in it would have too long a path."""
    if len(str(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return Path("/tmp") / f"pinward-{digest}"  # noqa: S108  (every process must find the same one)


class WrongSettingsError(ValueError):
    """Settings in the environment that cannot be understood: named, but not shown, as they may be secret."""


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process.

    Raises
    ------
    WrongSettingsError
        The environment holds a value that cannot be understood.
    """
    values: dict[str, Any] = {}
    try:
        return Settings(**values)
    except ValidationError as error:
        wrong = [f"{each['loc'][0]}: {each['msg']}." for each in error.errors(include_input=False)]
    except SettingsError as error:
        field = next(field for name, field in Settings.model_fields.items() if f'"{name}"' in str(error))
        wrong = [f"{field.validation_alias}: Write it as JSON. {field.description}"]
    raise WrongSettingsError(" ".join(wrong))
