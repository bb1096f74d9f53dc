"""Answers public tiles that need no database before Flask, which takes twenty times as long on them.

What is answered here has the headers that Flask gave another such tile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask

from layers.current import known_city_id
from webapp.tickets import front_cache, tile_cache
from webapp.tickets.front_cache import Key

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_FOLDER = "/tiles/tickets/"
_PATH = re.compile(rf"{_FOLDER}(\d{{1,2}})/(\d{{1,6}})/(\d{{1,6}})\.mvt", re.ASCII)
# What a body that is not sent again would have.
_OF_THE_BODY = ("content-type", "content-encoding")
# What each tile has of its own.
_OF_THE_TILE = ("content-length", "etag", "x-accel-expires")

Headers = list[tuple[str, str]]


class KeptTiles:
    """WSGI middleware in front of an application of `create_app`."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._next: WSGIApplication = app.wsgi_app
        self._headers: dict[str, Headers] = {}
        """By http and by https, those that all tiles have."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from memory where that is possible, else let Flask do it."""
        path: str = environ["PATH_INFO"]
        if (
            environ["REQUEST_METHOD"] != "GET"
            or not path.startswith(_FOLDER)
            or not _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
        ):
            return self._next(environ, start_response)
        scheme = environ["wsgi.url_scheme"]
        key = _key(path)
        answer = self._kept(key, self._headers[scheme]) if key and scheme in self._headers else None
        if answer is None:
            return self._next(environ, self._noting(scheme, start_response))
        tile, headers = answer
        if f'"{tile.etag}"' in environ.get("HTTP_IF_NONE_MATCH", ""):
            start_response("304 NOT MODIFIED", [h for h in headers if h[0].lower() not in _OF_THE_BODY])
            return []
        start_response("200 OK", [*headers, ("Content-Length", str(len(tile.body)))])
        return [tile.body]

    def _kept(self, key: Key, common: Headers) -> tuple[tile_cache.PublicTile, Headers] | None:
        """Return a tile and the headers of an answer with it, if that needs no database."""
        engine = self._app.extensions["engine"]
        city_id = known_city_id(engine, self._app.config["PINWARD"])
        tile = None if city_id is None else tile_cache.kept_tile(engine, city_id, key)
        if city_id is None or tile is None:
            return None
        seconds = tile_cache.lend(engine, city_id, key, tile)
        expires = [("X-Accel-Expires", str(seconds))] if seconds else []
        return tile, [*common, ("ETag", f'"{tile.etag}"'), *expires]

    def _noting(self, scheme: str, start_response: StartResponse) -> StartResponse:
        """Return a `start_response` that keeps the headers that all tiles have."""

        def start(status: str, headers: Headers, *rest: Any) -> Any:
            if status == "200 OK":
                self._headers[scheme] = [h for h in headers if h[0].lower() not in _OF_THE_TILE]
            return start_response(status, headers, *rest)

        return start


def _key(path: str) -> Key | None:
    """Return which tile an address means, if it is the one that the tile is kept under."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    z, x, y = map(int, found.groups())
    return (z, x, y) if front_cache.path((z, x, y)) == path else None


def _takes_gzip(accepted: str) -> bool:
    """Say whether a client surely takes gzip; Flask weighs those that tell how much they like what."""
    return "gzip" in accepted and "q=" not in accepted
