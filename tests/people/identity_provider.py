"""A small OpenID Connect provider, with Authlib's own server: it checks codes, PKCE, secrets and addresses for us.

It knows one person and asks nothing of them, as a provider does where somebody is signed in already.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, jsonify, request
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

SECRET = "a secret of the client"


class _Client(ClientMixin):
    client_id = "pinward"

    def __init__(self, redirect_uri: str) -> None:
        self.redirect_uri = redirect_uri

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class _Code:
    """A code, as the grant asks it for what it was given out with."""

    def __init__(self, **given: Any) -> None:
        self.__dict__ |= given

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> None:
        return None

    get_acr = get_amr = get_auth_time


class Provider:
    """The provider; ``person`` holds the claims of whoever comes."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {"sub": "1", "email": "agent@demo.example", "email_verified": True}
        self.nonce: str | None = None
        """Given instead of the one asked for, as by an attacker."""
        self.told_issuer: str | None = None
        self.redirect_uri = "http://localhost/sign-in/oidc/back"
        self.issuer = ""
        self.challenges: list[str | None] = []
        self.key = RSAKey.generate_key(2048, {"kid": "k1", "alg": "RS256", "use": "sig"})
        self.codes: dict[str, _Code] = {}

    def app(self) -> Flask:
        """Return it as a web application."""
        app, client = Flask("provider"), _Client(self.redirect_uri)
        server = AuthorizationServer(
            app, query_client=lambda client_id: client, save_token=lambda token, request: None
        )
        server.register_grant(
            _grant(self), [_identity(self)(require_nonce=True), CodeChallenge(required=True)]
        )
        app.add_url_rule("/.well-known/openid-configuration", view_func=self._discovery)
        app.add_url_rule("/keys", view_func=self._keys)
        app.add_url_rule("/authorize", "authorize", lambda: self._authorize(server))
        app.add_url_rule("/token", "token", lambda: server.create_token_response(request), methods=["POST"])
        return app

    def _discovery(self) -> Any:
        return jsonify(
            issuer=self.issuer,
            authorization_endpoint=f"{self.issuer}/authorize",
            token_endpoint=f"{self.issuer}/token",
            jwks_uri=f"{self.issuer}/keys",
            id_token_signing_alg_values_supported=["RS256"],
            token_endpoint_auth_methods_supported=["client_secret_basic"],
        )

    def _keys(self) -> Any:
        return jsonify(KeySet([self.key]).as_dict(private=False))

    def _authorize(self, server: AuthorizationServer) -> Any:
        grant = server.get_consent_grant(request=request, end_user=self.person)
        return server.create_authorization_response(request=request, grant_user=self.person, grant=grant)


def _grant(provider: Provider) -> type[AuthorizationCodeGrant]:
    class Grant(AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            payload = request.payload
            provider.challenges.append(payload.data.get("code_challenge"))
            provider.codes[code] = _Code(
                redirect_uri=payload.redirect_uri,
                scope=payload.scope,
                nonce=provider.nonce or payload.data.get("nonce"),
                code_challenge=payload.data.get("code_challenge"),
                code_challenge_method=payload.data.get("code_challenge_method"),
            )

        def query_authorization_code(self, code: str, client: Any) -> _Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: Any) -> None:
            provider.codes.clear()

        def authenticate_user(self, authorization_code: Any) -> dict[str, Any]:
            return provider.person

    return Grant


def _identity(provider: Provider) -> type[OpenIDCode]:
    class Identity(OpenIDCode):
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return False

        def resolve_client_private_key(self, client: Any) -> Any:
            return provider.key

        def get_client_algorithm(self, client: Any) -> str:
            return "RS256"

        def get_client_claims(self, client: Any) -> dict[str, Any]:
            return {"iss": provider.told_issuer or provider.issuer, "aud": [client.get_client_id()]}

        def get_encode_header(self, client: Any) -> dict[str, str]:
            return {"alg": "RS256", "kid": "k1"}

        def generate_user_info(self, user: dict[str, Any], scope: str) -> UserInfo:
            return UserInfo(user)

    return Identity


@contextmanager
def running() -> Iterator[Provider]:
    """Run the provider on a port of this machine."""
    provider = Provider()
    server = make_server("127.0.0.1", 0, provider.app(), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, name="provider")
    thread.start()
    yield provider
    server.shutdown()
    thread.join()
    server.server_close()
