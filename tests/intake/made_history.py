"""A made-up past: reports spread over a town, a share of which repeat an earlier one near by."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

SERVICES = ["Street Light Out", "Pothole", "Missed Trash"]
GROUPS = ["Street", "Street", "Trash"]
REPEAT_SHARE = np.array([0.3, 0.1, 0.02])
DAY_US = 86_400_000_000


def write(folder: Path, n: int = 4000, seed: int = 1, suffix: str = ".parquet") -> tuple[Path, Path]:
    """Write a table of n reports and one of linked pairs; return their paths.

    Repeats lie a few metres from what they repeat and come within hours; every fourth is not linked with
    what it repeats, as if nobody had written down which it was.
    """
    rng = np.random.default_rng(seed)
    opened = np.sort(rng.integers(0, 120 * DAY_US, n)) + np.datetime64("2024-03-01", "us").astype(int)
    service = rng.choice(3, n, p=[0.3, 0.3, 0.4])
    lon, lat = -71.0 + rng.uniform(0, 0.04, n), 42.0 + rng.uniform(0, 0.03, n)
    repeats = np.zeros(n, bool)
    pairs = []
    for i in range(1, n):
        if rng.uniform() < REPEAT_SHARE[service[i]]:
            before = np.flatnonzero(
                (service[:i] == service[i]) & ~repeats[:i] & (opened[:i] > opened[i] - DAY_US)
            )
            if len(before):
                original = rng.choice(before)
                repeats[i] = True
                lon[i] = lon[original] + rng.normal(0, 5e-5)
                lat[i] = lat[original] + rng.normal(0, 5e-5)
                if rng.uniform() < 0.75:
                    pairs.append((1000 + i, 1000 + original))
    closed = opened + rng.exponential(4 * DAY_US, n).astype(int)
    reports = pa.table(
        {
            "case_enquiry_id": np.arange(n) + 1000,
            "open_dt": pa.array(opened, pa.timestamp("us")),
            "closed_dt": pa.array(np.where(rng.uniform(size=n) < 0.9, closed, None), pa.timestamp("us")),
            "type": np.array(SERVICES)[service],
            "reason": np.array(GROUPS)[service],
            "latitude": lat,
            "longitude": lon,
            "is_dup": repeats,
        }
    )
    a, b = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    linked = pa.table({"id_a": a, "id_b": b, "label": np.ones(len(a), np.int64)})
    paths = folder / f"reports{suffix}", folder / f"pairs{suffix}"
    for table, path in zip((reports, linked), paths, strict=True):
        if suffix == ".csv":
            pyarrow.csv.write_csv(table, path)
        else:
            pyarrow.parquet.write_table(table, path)
    return paths
