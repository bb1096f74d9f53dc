"""The key that messages pushed to browsers are signed with (VAPID, RFC 8292)."""

from __future__ import annotations

import base64
import time
from contextlib import suppress
from email.utils import parseaddr
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from webapp.config import Settings

LASTS_S = 12 * 60 * 60
"""So long a signature holds: a day is the most that is allowed, by clocks that may differ."""


def new_key() -> str:
    """Return a new private key: 32 bytes on the curve P-256, as base64url."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


def key_of(settings: Settings) -> str:
    """Return our private key: from the environment, or made once and kept in ``home/push-key`` (mode 0600).

    Browsers that subscribed with one key hear nothing that is signed with another.
    """
    if settings.push_key is not None:
        return settings.push_key.get_secret_value()
    path = settings.home / "push-key"
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), path.open("x") as file:
        path.chmod(0o600)
        file.write(new_key())
    return path.read_text().strip()


def public_key(settings: Settings) -> str:
    """Return the key that browsers subscribe with: an uncompressed point, as base64url."""
    point = _signer(settings).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def authorization(settings: Settings, endpoint: str) -> str:
    """Return the header by which the maker of a browser knows who pushes."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        # Whom the maker of the browser writes to, should we push too much.
        "sub": f"mailto:{parseaddr(settings.mail_from)[1]}",
        "exp": int(time.time()) + LASTS_S,
    }
    header: str = _signer(settings).sign(claims)["Authorization"]
    return header


def _signer(settings: Settings) -> Vapid02:
    return Vapid02.from_raw(key_of(settings).encode())
