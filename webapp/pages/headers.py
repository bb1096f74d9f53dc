"""What every answer tells the browser: which scripts may run, what may be embedded and what may be kept."""

from __future__ import annotations

import gzip
import secrets

from flask import Blueprint, Response, g, request

blueprint = Blueprint("headers", __name__)

SMALLEST_TO_COMPRESS = 1024
COMPRESSED = (
    "text/html",
    "image/svg+xml",
    "application/json",
    "application/geo+json",
    "application/problem+json",
    "application/schema+json",
    "application/vnd.oai.openapi+json",
)


@blueprint.app_template_global()
def csp_nonce() -> str:
    """Return this answer's nonce: only ``<script>`` and ``<style>`` that carry it run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def content_security_policy() -> str:
    """Return the policy of this answer: everything from our own origin, and what carries the nonce."""
    nonce = f" 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else ""
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self'{nonce}",
            f"style-src 'self'{nonce}",
            "img-src 'self' data: blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        ]
    )


@blueprint.after_app_request
def protect(response: Response) -> Response:
    """Add the headers that a view did not set itself."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "geolocation=(self), camera=(self), microphone=()")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", content_security_policy())
        response.headers.setdefault("Cache-Control", "private, no-cache")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    return response


@blueprint.after_app_request
def compress(response: Response) -> Response:
    """Send pages and figures gzipped to browsers that take it, so that a bare server is light too."""
    if (
        response.mimetype not in COMPRESSED
        or response.is_streamed
        or response.status_code < 200
        or "Content-Encoding" in response.headers
        or not request.accept_encodings["gzip"]
    ):
        return response
    body = response.get_data()
    if len(body) < SMALLEST_TO_COMPRESS:
        return response
    response.set_data(gzip.compress(body, compresslevel=5, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response
