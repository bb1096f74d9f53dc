"""Why a report is held to repeat a ticket, as codes with their parameters, strongest first.

``same_asset``, ``same_address``, ``along_street`` (metres, same_side), ``distance`` (metres),
``related_service``, ``closed`` (days since), ``gap`` (hours since its latest report), ``reports`` (how many
it has) and ``words`` (share in common) come from the matching; ``reporter_says``: the reporter chose it.
"""

from __future__ import annotations

import math
from typing import Any

from geo.arrays import Floats
from geo.pair_features import FEATURES

Reason = dict[str, Any]
"""``code`` and its parameters."""

REPORTER_SAYS: Reason = {"code": "reporter_says"}
_SHARED_WORDS = 0.2
"""A smaller share of words in common is chance."""


def reasons(features: Floats) -> list[Reason]:
    """Return the reasons that one row of features gives."""
    row = dict(zip(FEATURES, features.tolist(), strict=True))
    found: list[Reason] = [{"code": code} for code in ("same_asset", "same_address") if row[code] == 1.0]
    found.append(_distance(row))
    if row["same_service"] == 0.0:
        found.append({"code": "related_service"})
    if not math.isnan(row["closed_d"]):
        found.append({"code": "closed", "days": round(row["closed_d"], 1)})
    found.append({"code": "gap", "hours": round(row["gap_h"], 1)})
    if row["reports"] > 1:
        found.append({"code": "reports", "count": int(row["reports"])})
    if row["words"] >= _SHARED_WORDS:
        found.append({"code": "words", "share": round(row["words"], 2)})
    return found


def _distance(row: dict[str, float]) -> Reason:
    if math.isnan(row["along_m"]):
        return {"code": "distance", "metres": round(row["distance_m"])}
    return {"code": "along_street", "metres": round(row["along_m"]), "same_side": row["same_side"] == 1.0}
