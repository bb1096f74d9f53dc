"""nginx in front: takes slow clients, large uploads and static files off the web processes.

A few hundred clients that dribble their headers would hold every thread of gunicorn; nginx waits for whole
requests and hands only those on.
"""

from __future__ import annotations

import os
import resource
import shutil
from pathlib import Path

from webapp.cli.console import Failure
from webapp.config import CHECKOUT, Settings

CONNECTIONS = 8192
"""Open connections a core, where the machine allows as many."""

UNREACHABLE = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=width=device-width>"
    "<title>One moment</title><h1>One moment, please</h1><p>The service is starting again. "
    "What you typed is still on the page before this one: go back and send it again in a minute. "
    "Nothing is sent twice.</p></html>"
)

CONFIGURATION = """\
# Written by Pinward at each start.
daemon off;
{user}
worker_processes auto;
worker_rlimit_nofile {files};
worker_shutdown_timeout 10s;
pid "{run}/nginx.pid";
# Lesser lines name addresses of people and tracking numbers, which stay out of the logs.
error_log "{logs}/nginx.log" alert;
events {{ worker_connections {connections}; }}

http {{
    {mime_types}
    default_type application/octet-stream;
    access_log off;
    server_tokens off;
    sendfile on;
    tcp_nopush on;
    client_body_temp_path "{temporary}/body";
    proxy_temp_path "{temporary}/proxy";
    fastcgi_temp_path "{temporary}/fastcgi";
    uwsgi_temp_path "{temporary}/uwsgi";
    scgi_temp_path "{temporary}/scgi";

    # A request must arrive whole before it costs a thread. A phone in a tunnel gets a minute for each piece.
    client_header_timeout 15s;
    client_body_timeout 60s;
    client_max_body_size 60m;
    send_timeout 60s;
    keepalive_timeout 65s;
    reset_timedout_connection on;

    gzip on;
    gzip_vary on;
    gzip_proxied any;
    gzip_min_length 800;
    gzip_types text/plain text/css text/xml text/csv text/javascript application/javascript application/json
        application/geo+json application/problem+json application/xml application/atom+xml
        application/manifest+json image/svg+xml;

    # Tiles of the base map are drawn once for everybody, until their time is over or the map changes.
    proxy_cache_path "{temporary}/tiles" levels=1:2 keys_zone=tiles:10m max_size=1g inactive=30d
        use_temp_path=off;

    # Tiles of tickets for as long as the web process says that made them; when something changes in one, it
    # deletes the file. Nobody waits here for another's answer: nginx would look only twice a second whether
    # that has come.
    proxy_cache_path "{tickets}" levels=1:2 keys_zone=tickets:10m max_size=256m inactive=1m use_temp_path=off;
    # For who does not plainly take gzip, tiles are unpacked each time.
    map $http_accept_encoding $unpacked {{ default 1; ~q= 1; ~gzip 0; }}

    upstream web {{ server "unix:{socket}" fail_timeout=0; }}

    # A balancer of the city's own, where there is one, knows better than we how the client came.
    map $http_x_forwarded_proto $scheme_of_client {{ default $scheme; {trusted_scheme} }}

    server {{
        {listen}
        server_name _;
        error_page 502 504 = @unreachable;

        # The first expression that fits decides, so this one stands above the files.
        location ~ /\\. {{ return 404; }}
        location ~ ^/static/(dist|vendor)/ {{
            root "{checkout}";
            gzip_static on;
            # Names change with contents.
            add_header Cache-Control "public, max-age=31536000, immutable";
            add_header X-Content-Type-Options nosniff;
        }}
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme_of_client;
        proxy_set_header X-Forwarded-Host $http_host;
        proxy_buffers 16 32k;
        proxy_buffer_size 32k;
        proxy_read_timeout 120s;

        location / {{ proxy_pass http://web; }}
        location /tiles/base/ {{
            proxy_pass http://web;
            proxy_cache tiles;
            proxy_cache_key "$uri?$arg_v";
            proxy_cache_lock on;
            proxy_cache_use_stale error timeout updating;
        }}
        location /tiles/tickets/ {{
            proxy_pass http://web;
            proxy_cache tickets;
            proxy_cache_key "$scheme_of_client$uri";
            proxy_cache_bypass $unpacked;
            proxy_no_cache $unpacked;
            # What X-Accel-Expires says is enough.
            proxy_ignore_headers Cache-Control Expires Vary;
        }}
        location @unreachable {{
            internal;
            default_type "text/html; charset=utf-8";
            add_header Retry-After 5 always;
            return 503 "{unreachable}";
        }}
    }}
}}
"""


def nginx() -> str:
    """Return the nginx program.

    Raises
    ------
    Failure
        When it is not installed.
    """
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise Failure("nginx is not installed.", "Run script/bootstrap; it installs what is missing.")
    return found


def write_configuration(settings: Settings, socket: Path) -> Path:
    """Write the configuration of nginx before the web processes on ``socket``; return where it is."""
    home, run = settings.home.absolute(), settings.run_folder
    temporary = home / "tmp"
    temporary.mkdir(exist_ok=True)
    # Nobody looks after the tiles of those who served before.
    shutil.rmtree(settings.front_tiles, ignore_errors=True)
    files = min(2 * CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    # Each request may hold two: the client's connection and ours to the web process.
    listen = [f"listen {settings.port} backlog=1024;"]
    if Path("/proc/net/if_inet6").exists():
        listen.append(f"listen [::]:{settings.port} ipv6only=on backlog=1024;")
    mime_types = Path("/etc/nginx/mime.types")
    path = home / "nginx.conf"
    path.write_text(
        CONFIGURATION.format(
            # Without root, nginx keeps the user who starts it, and warns of this line.
            user="user root;" if os.geteuid() == 0 else "",
            files=files,
            connections=files // 2,
            run=run,
            logs=home / "log",
            temporary=temporary,
            tickets=settings.front_tiles,
            socket=socket,
            checkout=CHECKOUT,
            mime_types=f"include {mime_types};" if mime_types.exists() else "",
            trusted_scheme="https https;" if settings.proxies else "",
            listen="\n        ".join(listen),
            unreachable=UNREACHABLE,
        )
    )
    return path
