"""How many requests a second a running server answers while other clients dribble their headers.

    python -m bench.slow_clients http://127.0.0.1:8311 --clients 400 --seconds 6

prints JSON: requests a second and the slowest answer, without the slow clients and among them. The slow ones
send a request line and then one byte of a header a second, as a broken phone or an attacker does; they never
finish.
"""

from __future__ import annotations

import argparse
import http.client
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from urllib.parse import urlsplit

FAST_CLIENTS = 4


def fast_client(host: str, port: int, path: str, seconds: float) -> tuple[int, int, float]:
    """Ask again and again for ``seconds``; return answers, failures and the slowest answer in seconds."""
    answers = failures = 0
    slowest = 0.0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.monotonic()
        connection = http.client.HTTPConnection(host, port, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            good = response.status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            good = False
        finally:
            connection.close()
        answers += good
        failures += not good
        slowest = max(slowest, time.monotonic() - begin)
    return answers, failures, slowest


def measure(host: str, port: int, path: str, seconds: float) -> dict[str, float]:
    """Run the fast clients and sum them up."""
    with ThreadPoolExecutor(FAST_CLIENTS) as pool:
        runs = list(pool.map(lambda _: fast_client(host, port, path, seconds), range(FAST_CLIENTS)))
    return {
        "requests_per_second": round(sum(run[0] for run in runs) / seconds, 1),
        "failures": sum(run[1] for run in runs),
        "slowest_ms": round(1000 * max(run[2] for run in runs), 1),
    }


def dribble(host: str, port: int, clients: int, ready: Event, stop: Event) -> None:
    """Hold ``clients`` connections open, each with an endless request; replace those the server closes."""
    sockets: list[socket.socket] = []
    while not stop.is_set():
        while len(sockets) < clients:
            sockets.append(socket.create_connection((host, port), timeout=5))
            sockets[-1].sendall(b"GET / HTTP/1.1\r\nHost: slow\r\nX-Slow: ")
        ready.set()
        still_open = []
        for one in sockets:
            try:
                one.sendall(b"a")
                still_open.append(one)
            except OSError:
                one.close()
        sockets = still_open
        stop.wait(1)
    for one in sockets:
        one.close()


def main() -> None:
    """Measure without slow clients, then among them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("address")
    parser.add_argument("--path", default="/healthz")
    parser.add_argument("--clients", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=6)
    options = parser.parse_args()
    address = urlsplit(options.address)
    host, port = address.hostname or "127.0.0.1", address.port or 80
    alone = measure(host, port, options.path, options.seconds)
    ready, stop = Event(), Event()
    slow = Thread(target=dribble, args=(host, port, options.clients, ready, stop))
    slow.start()
    try:
        ready.wait(30)
        among = measure(host, port, options.path, options.seconds)
    finally:
        stop.set()
        slow.join()
    print(
        json.dumps({"slow_clients": options.clients, "alone": alone, "among_slow_clients": among}, indent=1)
    )


if __name__ == "__main__":
    main()
