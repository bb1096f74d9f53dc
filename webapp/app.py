"""``create_app(settings)``: wiring only."""

from __future__ import annotations

import gc
from typing import Any, cast

from flask import Flask, Response, abort, g, redirect, request, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import logs
from webapp.api import blueprints as api_blueprints
from webapp.api.kept_tiles import KeptTiles
from webapp.config import Settings
from webapp.config import settings as process_settings
from webapp.db import make_engine, make_session
from webapp.pages import blueprints as page_blueprints
from webapp.people import sessions
from webapp.people.access import Rule
from webapp.tickets import tile_cache
from webapp.tickets.front_cache import FrontCache

STATEMENT_TIMEOUT_S = 20
"""No question that the web asks may keep the database busy for longer."""


class _Sessions(SecureCookieSessionInterface):
    """Keeps sessions out of answers that caches share: these depend on no cookie, and set none."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not response.cache_control.public:
            super().save_session(app, session, response)


def create_app(settings: Settings | None = None, *, engine: Engine | None = None) -> Flask:
    """Return the web application.

    Parameters
    ----------
    settings
        Those of the process where not given.
    engine
        A ready engine, for tests; otherwise one is made from ``settings.database``.
    """
    settings = settings or process_settings()
    app = Flask(__name__, template_folder="pages/templates", static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=bool(settings.public_url and settings.public_url.startswith("https:")),
        MAX_CONTENT_LENGTH=60 * 1024 * 1024,
        PINWARD=settings,
    )
    app.session_interface = _Sessions()
    app.extensions["engine"] = engine or make_engine(
        settings.database, statement_timeout_s=STATEMENT_TIMEOUT_S
    )
    app.extensions["session"] = make_session(app.extensions["engine"])
    _sessions(app)
    _sign_in(app)
    csrf = CSRFProtect(app)
    for blueprint in page_blueprints:
        app.register_blueprint(blueprint)
    for blueprint in api_blueprints:
        csrf.exempt(blueprint)
        app.register_blueprint(blueprint)
    _access_rules(app)
    app.wsgi_app = KeptTiles(app)  # type: ignore[method-assign]
    return app


def behind_front() -> Flask:
    """Return the application as ``pinward serve`` runs it: nginx in front tells the client's address."""
    logs.configure()
    app = create_app()
    settings: Settings = app.config["PINWARD"]
    tile_cache.keep_in_front(app.extensions["engine"], FrontCache(settings.front_tiles))
    hops = 1 + settings.proxies
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=1, x_host=1)  # type: ignore[method-assign]
    # What is made by now lives as long as the process. Left out of collections, it stays shared between
    # forked workers, and a process ends at once.
    gc.collect()
    gc.freeze()
    return app


def _sessions(app: Flask) -> None:
    """Give each request one database session, opened on first use and closed at its end."""

    @app.before_request
    def open_session() -> None:
        factory: sessionmaker[Session] = app.extensions["session"]
        g.session = factory()

    @app.teardown_request
    def close_session(_error: BaseException | None) -> None:
        session: Session | None = g.pop("session", None)
        if session is not None:
            session.close()


def _sign_in(app: Flask) -> None:
    manager = LoginManager(app)
    manager.login_view = "account.sign_in"

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(identity: str) -> Any:
        staff = sessions.staff_of(g.session, identity)
        if staff is not None and staff.session_is_stale:
            sessions.note_use(g.session, staff)
            g.session.commit()
        return staff


def _access_rules(app: Flask) -> None:
    """Refuse to start with a route that has no access rule, and enforce the rules."""
    bare = sorted(
        name
        for name, view in app.view_functions.items()
        if not isinstance(getattr(view, "access", None), Rule)
    )
    if bare:
        raise RuntimeError(f"Routes without an access rule: {', '.join(bare)}. Mark each with @access(...).")

    @app.before_request
    def enforce() -> Response | None:
        view = app.view_functions.get(request.endpoint or "")
        if view is None:
            return None
        rule: Rule = getattr(view, "access")  # noqa: B009  (an attribute that the type of a view does not know)
        if rule.everybody or rule.key_checked_by_view:
            return None
        if not current_user.is_authenticated:
            answer: Response = app.login_manager.unauthorized()  # type: ignore[attr-defined]
            return answer
        if current_user.must_add_factor and request.blueprint not in ("me", "account"):
            return cast("Response", redirect(url_for("me.account")))
        if not rule.allows(current_user.role):
            abort(403)
        return None
