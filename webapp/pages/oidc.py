"""Sign in by the city's own identity provider, where there is one: OpenID Connect, code flow with PKCE."""

from __future__ import annotations

from typing import Any, cast

import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, abort, current_app, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from joserfc.errors import JoseError
from requests import RequestException
from werkzeug.wrappers import Response as AnyResponse

from webapp.config import Settings
from webapp.pages.account import REFUSED, enter, form
from webapp.pages.context import served
from webapp.pages.language import said
from webapp.pages.throttle import limiter
from webapp.people import oidc
from webapp.people.access import PUBLIC, access

log = structlog.get_logger()
blueprint = Blueprint("oidc", __name__, url_prefix="/sign-in/oidc")

PATIENCE_S = 10
"""With each answer of the provider."""


@blueprint.record_once
def start(state: BlueprintSetupState) -> None:
    """Make the provider known, where the settings name one."""
    app = cast("Flask", state.app)
    settings: Settings = app.config["PINWARD"]
    if settings.oidc_issuer is None:
        return
    secret = settings.oidc_client_secret
    app.extensions["oidc_rules"] = oidc.Rules(
        settings.oidc_role_claim, settings.oidc_roles, settings.oidc_adds
    )
    app.extensions["oidc"] = OAuth(app).register(
        "provider",
        client_id=settings.oidc_client_id,
        client_secret=secret.get_secret_value() if secret else None,
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "default_timeout": PATIENCE_S,
        },
    )


@blueprint.get("")
@access(PUBLIC)
@limiter.limit("60 per 10 minutes")
def leave() -> AnyResponse:
    """Send the person to the provider; state, nonce and verifier wait in the session."""
    client = _client()
    session["oidc_next"] = request.args.get("next", "")
    try:
        answer: AnyResponse = client.authorize_redirect(url_for("oidc.back", _external=True))
    except (RequestException, AuthlibBaseError) as error:
        return _refused(error)
    return answer


@blueprint.get("/back")
@access(PUBLIC)
@limiter.limit("60 per 10 minutes", deduct_when=lambda response: response.status_code == REFUSED)
def back() -> AnyResponse:
    """Take what the provider says of the person, and let in whom we know."""
    here, client = served(), _client()
    issuer = current_app.config["PINWARD"].oidc_issuer
    try:
        token = client.authorize_access_token()
        claims: dict[str, Any] = dict(token.get("userinfo") or {})
        if claims.get("iss", "").rstrip("/") != issuer.rstrip("/"):
            raise AuthlibBaseError("wrong_issuer")
        if "email" not in claims:
            told = client.userinfo(token=token)
            # Core 1.0, 5.3.2: what is told of somebody else is not to be used.
            claims = dict(told) | claims if told.get("sub") == claims.get("sub") else claims
    except (RequestException, AuthlibBaseError, JoseError) as error:
        return _refused(error)
    try:
        staff = oidc.staff_of_claims(here.session, here.city.id, claims, current_app.extensions["oidc_rules"])
    except oidc.NotLetIn as refused:
        here.session.rollback()
        return form(error=said(refused))
    return enter(staff, remember=False, wanted=session.get("oidc_next", ""))


def _client() -> Any:
    client = current_app.extensions.get("oidc")
    if client is None:
        abort(404)
    return client


def _refused(error: Exception) -> AnyResponse:
    log.warning("sign-in by the provider failed", error=type(error).__name__)
    return form(error=_("Signing in by the city's account did not work. Try it again, or use your password."))
