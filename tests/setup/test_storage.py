"""A folder and an S3-compatible store keep files alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from webapp.config import Settings
from webapp.storage import Bucket, Folder, Storage, StorageError, opened, uploads


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Address of a real S3 server in this process."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, server: str) -> str:
    """URL of a folder in a bucket."""
    import boto3

    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": server,
        "AWS_ALLOW_HTTP": "true",
        "no_proxy": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3", endpoint_url=server, region_name="us-east-1").create_bucket(Bucket="city")
    return "s3://city/below"


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    found = opened(str(tmp_path) if request.param == "folder" else request.getfixturevalue("bucket"))
    assert isinstance(found, Folder if request.param == "folder" else Bucket)
    return found


def test_files_larger_than_memory_are_kept_and_read_in_pieces(storage: Storage, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"0123456789" * 1_200_000)
    assert storage.pieces("demo/large.csv") is None
    storage.keep_file("demo/large.csv", path)
    pieces = storage.pieces("demo/large.csv")
    assert pieces is not None
    found = list(pieces)
    assert b"".join(found) == path.read_bytes()
    assert max(map(len, found)) < 12_000_000


def test_files_are_kept_replaced_and_forgotten(storage: Storage) -> None:
    name = "photos/1/Zk/ZkX.large.jpg"
    assert storage.read(name) is None
    storage.forget(name)
    storage.keep(name, b"one")
    storage.keep(name, b"two" * 100_000)
    storage.keep("city=demo/year=2026/month=05/events-1.parquet", b"")
    assert storage.read(name) == b"two" * 100_000
    assert storage.read("city=demo/year=2026/month=05/events-1.parquet") == b""
    storage.forget(name)
    assert storage.read(name) is None


@pytest.mark.parametrize(
    "name", ["../x", "a/../b", "/etc/passwd", "a/.b", "a//b", "a", "", "a/b\n", "s3://x/y"]
)
def test_names_do_not_lead_elsewhere(storage: Storage, name: str) -> None:
    for attempt in (
        lambda: storage.read(name),
        lambda: storage.keep(name, b""),
        lambda: storage.forget(name),
    ):
        with pytest.raises(ValueError, match="not the name"):
            attempt()


def test_settings_say_where(bucket: str, tmp_path: Path) -> None:
    here = Settings(PINWARD_HOME=tmp_path)
    uploads(here.kept_in).keep("photos/1/ab/abc.jpg", b"x")
    assert (tmp_path / "uploads" / "photos" / "1" / "ab" / "abc.jpg").read_bytes() == b"x"
    there = Settings(PINWARD_HOME=tmp_path, PINWARD_STORAGE=bucket)
    uploads(there.kept_in).keep("photos/1/ab/abc.jpg", b"y")
    assert Bucket(bucket).read("uploads/photos/1/ab/abc.jpg") == b"y"


def test_a_missing_bucket_is_an_error(bucket: str) -> None:
    with pytest.raises((StorageError, OSError)):
        Bucket("s3://nobodys/x").keep("photos/1/ab/abc.jpg", b"x")
