"""Why a report is held to repeat a ticket, as codes with their parameters, strongest first.

``same_asset`` (kind and id), ``same_address``, ``along_street`` (metres, street, same_side, where known),
``distance`` (metres), ``related_service``, ``closed`` (days since), ``gap`` (hours between the report and
the latest one of the ticket), ``reports`` (how many it has) and ``words`` (share in common) come from the
matching; ``reporter_says``: the reporter chose it.
"""

from __future__ import annotations

import math
from typing import Any

from geo.arrays import Floats
from geo.pair_features import FEATURES
from layers.places import Places

Reason = dict[str, Any]
"""``code`` and its parameters."""

REPORTER_SAYS: Reason = {"code": "reporter_says"}
_SHARED_WORDS = 0.2
"""A smaller share of words in common is chance."""


def reasons(features: Floats, places: Places, i: int, asset_kind: str | None) -> list[Reason]:
    """Return the reasons that one row of features gives.

    Parameters
    ----------
    places, i
        The place of the report: where it shares street or asset with the ticket, it names them.
    asset_kind
        The kind of asset that the report's service is about.
    """
    row = dict(zip(FEATURES, features.tolist(), strict=True))
    found: list[Reason] = []
    if row["same_asset"] == 1.0 and asset_kind is not None:
        number = places.layers.assets[asset_kind].source_id[places.asset[asset_kind][i]]
        found.append({"code": "same_asset", "kind": asset_kind, "id": number})
    if row["same_address"] == 1.0:
        found.append({"code": "same_address"})
    found.append(_distance(row, places, i))
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


def _distance(row: dict[str, float], places: Places, i: int) -> Reason:
    if math.isnan(row["along_m"]):
        return {"code": "distance", "metres": round(row["distance_m"])}
    found: Reason = {"code": "along_street", "metres": round(row["along_m"])}
    street = places.layers.segments.name[places.segment[i]]
    if street:
        found["street"] = street
    if not math.isnan(row["same_side"]):
        found["same_side"] = row["same_side"] == 1.0
    return found
