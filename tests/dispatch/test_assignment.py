"""Which rule decides, what it says, and that a pin alone gets what it gets among many."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.atlas import Atlas
from tests.dispatch.conftest import lonlat
from webapp.catalog.snapshot import Catalog
from webapp.dispatch.assignment import Assigner, Assignment
from webapp.dispatch.rules import RuleEntry

POTHOLE, LIGHT, TRASH = 1, 2, 3
WEST, EAST = 1, 2
NOON = datetime(2026, 4, 22, 12, tzinfo=UTC)
"""A Wednesday."""


def decide(
    atlas: Atlas, catalog: Catalog, rules: list[RuleEntry], service_id: int, x: float, y: float
) -> Assignment:
    """Assign one pin so many metres from the town's corner."""
    lon, lat = lonlat(x, y)
    return Assigner(catalog, rules).assign(service_id, atlas.locate([lon], [lat]), NOON)


def test_the_area_decides_and_the_reason_says_so(atlas: Atlas, catalog: Catalog) -> None:
    rules = [
        RuleEntry(16, service_id=POTHOLE, layer="half", zone="west", crew_id=WEST),
        RuleEntry(17, service_id=POTHOLE, layer="half", zone="east", crew_id=EAST),
    ]
    found = decide(atlas, catalog, rules, POTHOLE, 800, 500)
    assert (found.crew_id, found.department_id, found.service_area, found.rule_id) == (EAST, 1, "East", 17)
    assert found.why == "Pothole in East goes to East Crew (rule 17)"
    assert decide(atlas, catalog, rules, POTHOLE, 200, 500).crew_id == WEST


NARROWING = [
    RuleEntry(1, crew_id=WEST),
    RuleEntry(2, layer="half", zone="east", crew_id=WEST),
    RuleEntry(3, service_group="Streets", crew_id=WEST),
    RuleEntry(4, service_group="Streets", layer="half", zone="east", crew_id=WEST),
    RuleEntry(5, service_group="Streets", street_class="arterial", crew_id=WEST),
    RuleEntry(6, service_id=LIGHT, crew_id=WEST),
    RuleEntry(7, service_id=LIGHT, layer="half", zone="east", crew_id=WEST),
    RuleEntry(8, service_id=LIGHT, street_class="local", layer="half", zone="east", crew_id=WEST),
    RuleEntry(9, service_id=LIGHT, asset_owner="Power Co", owner="Power Co"),
]


@pytest.mark.parametrize("count", range(1, len(NARROWING) + 1))
@pytest.mark.parametrize("backwards", [False, True])
def test_each_narrower_rule_wins_wherever_it_stands(
    atlas: Atlas, catalog: Catalog, count: int, backwards: bool
) -> None:
    rules = NARROWING[:count]
    if backwards:
        rules = rules[::-1]
    here = [rule for rule in NARROWING[:count] if rule.street_class != "arterial"]
    assert decide(atlas, catalog, rules, LIGHT, 900, 502).rule_id == here[-1].id


def test_of_equally_narrow_rules_the_first_in_the_file_wins(atlas: Atlas, catalog: Catalog) -> None:
    rules = [
        RuleEntry(2, layer="area", zone="center", crew_id=WEST),
        RuleEntry(1, layer="area", zone="market", crew_id=EAST),
    ]
    assert decide(atlas, catalog, rules, TRASH, 650, 500).rule_id == 1
    assert decide(atlas, catalog, rules, TRASH, 400, 500).rule_id == 2
    assert decide(atlas, catalog, rules, TRASH, 800, 500).rule_id == 1


def test_a_street_or_a_thing_of_somebody_else_is_their_job(atlas: Atlas, catalog: Catalog) -> None:
    rules = [
        RuleEntry(1, service_id=POTHOLE, crew_id=WEST),
        RuleEntry(2, service_id=POTHOLE, street_owner="County", owner="Alder County"),
        RuleEntry(3, service_id=LIGHT, asset_owner="Power Co", owner="the Power Company"),
    ]
    highway = decide(atlas, catalog, rules, POTHOLE, 500, 110)
    assert (highway.owner, highway.crew_id, highway.department_id) == ("Alder County", None, 1)
    assert highway.why == "Pothole on a street of County is the job of Alder County (rule 2)"
    assert decide(atlas, catalog, rules, POTHOLE, 500, 490).crew_id == WEST
    assert decide(atlas, catalog, rules, LIGHT, 905, 500).owner == "the Power Company"
    assert decide(atlas, catalog, rules, LIGHT, 105, 500).owner is None
    # A pothole near somebody's lamp is not about the lamp.
    assert decide(atlas, catalog, rules, POTHOLE, 905, 500).owner is None


def test_a_rule_may_leave_it_to_another_department(atlas: Atlas, catalog: Catalog) -> None:
    found = decide(atlas, catalog, [RuleEntry(4, service_id=POTHOLE, department_id=2)], POTHOLE, 500, 500)
    assert (found.crew_id, found.department_id) == (None, 2)
    assert found.why == "Pothole goes to Sanitation (rule 4)"


def test_a_retired_crew_gets_nothing(atlas: Atlas, catalog: Catalog) -> None:
    rules = [RuleEntry(1, service_id=TRASH, crew_id=3), RuleEntry(2, crew_id=EAST)]
    assert decide(atlas, catalog, rules, TRASH, 500, 500).rule_id == 2


def test_a_pin_in_no_area_waits_at_its_department(atlas: Atlas, catalog: Catalog) -> None:
    rules = [RuleEntry(1, service_id=TRASH, layer="area", zone="center", crew_id=EAST)]
    found = decide(atlas, catalog, rules, TRASH, 100, 900)
    assert (found.crew_id, found.department_id, found.rule_id) == (None, 2, None)
    assert found.why == "No rule for Trash holds at this place: Sanitation decides"


@pytest.mark.parametrize(
    ("lon", "lat", "why"),
    [
        (*lonlat(50, 50), "The pin is a fall-back coordinate, written where an address was not found"),
        (*lonlat(5000, 500), "The pin is outside the city"),
        (*lonlat(500, 500)[::-1], "The pin's longitude and latitude are exchanged"),
        (float("nan"), 42.0, "The report has no position"),
    ],
)
def test_a_pin_of_unknown_place_gets_no_area_but_what_holds_everywhere(
    atlas: Atlas, catalog: Catalog, lon: float, lat: float, why: str
) -> None:
    places = atlas.locate([lon], [lat])
    in_the_city = RuleEntry(1, layer="boundary", zone="town", crew_id=EAST)
    everywhere = RuleEntry(2, service_id=TRASH, crew_id=WEST)
    assigner = Assigner(catalog, [in_the_city, everywhere])
    assert assigner.assign(POTHOLE, places, NOON).why == f"{why}: Public Works decides"
    assert assigner.assign(TRASH, places, NOON).why == "Trash goes to West Crew (rule 2)"


def some_rules() -> st.SearchStrategy[list[RuleEntry]]:
    """Rules of every shape."""
    whats = st.sampled_from([{}, {"service_group": "Streets"}, *({"service_id": i} for i in (1, 2, 3))])
    wheres = st.sampled_from(
        [{}, *({"layer": layer, "zone": zone} for layer, zone in
               (("half", "west"), ("half", "east"), ("area", "center"), ("area", "market"), ("area", "gone")))]
    )  # fmt: skip
    others = st.sampled_from(
        [{}, {}, {"street_class": "local"}, {"street_owner": "County"}, {"asset_owner": "City"}]
    )
    whos = st.sampled_from(
        [{"crew_id": 1}, {"crew_id": 2}, {"crew_id": 3}, {"owner": "X"}, {"department_id": 2}]
    )
    rule = st.tuples(whats, wheres, others, whos).map(
        lambda parts: {k: v for p in parts for k, v in p.items()}
    )
    return st.lists(rule, max_size=12).map(
        lambda rows: [RuleEntry(number, **row) for number, row in enumerate(rows, start=1)]
    )


def by_hand(
    atlas: Atlas, catalog: Catalog, rules: list[RuleEntry], service_id: int, x: float, y: float
) -> int:
    """Return the id of the rule that decides, from the town's description alone; 0 where none does."""
    service = catalog.services[service_id]
    inside = 0 <= x <= 1000 and 0 <= y <= 1000
    ways = {"arterial": abs(y - 100), "local": abs(y - 500)}
    street = min(ways, key=lambda name: ways[name]) if inside and min(ways.values()) <= 60 else None
    held = {
        "west": x <= 500, "east": x > 500, "center": 300 <= x <= 700 and 300 <= y <= 700,
        "market": 600 <= x <= 900 and 300 <= y <= 700,
    }  # fmt: skip
    lamps = {"City": np.hypot(x - 100, y - 500), "Power Co": np.hypot(x - 900, y - 500)}
    lamp = min(lamps, key=lambda owner: lamps[owner])
    asset = lamp if inside and service.asset_kind and lamps[lamp] <= 25 else None

    def holds(rule: RuleEntry) -> bool:
        return (
            rule.service_id in (None, service_id)
            and rule.service_group in (None, service.group)
            and (rule.zone is None or (inside and held.get(rule.zone, False)))
            and rule.street_class in (None, street)
            and rule.street_owner in (None, "County" if street == "arterial" else None)
            and rule.asset_owner in (None, asset)
            and rule.crew_id != 3
        )

    width = {
        "service_id": 32,
        "service_group": 16,
        "asset_owner": 8,
        "street_owner": 4,
        "street_class": 2,
        "zone": 1,
    }
    holding = [rule for rule in rules if holds(rule)]
    best = max(
        holding,
        key=lambda rule: (sum(w for name, w in width.items() if getattr(rule, name) is not None), -rule.id),
        default=None,
    )
    return best.id if best else 0


@given(
    rules=some_rules(),
    pins=st.lists(
        st.tuples(
            st.sampled_from([POTHOLE, LIGHT, TRASH]),
            st.integers(-100, 1100).filter(lambda x: x not in (500, 300, 700, 600, 900, 0, 1000)),
            st.sampled_from([60, 99, 130, 250, 301, 470, 499, 520, 699, 730, 1200]),
        ),
        min_size=1,
        max_size=20,
    ),
)
def test_many_pins_get_what_each_gets_alone_and_by_hand(
    atlas: Atlas, catalog: Catalog, rules: list[RuleEntry], pins: list[tuple[int, int, int]]
) -> None:
    assigner = Assigner(catalog, rules)
    lon, lat = np.array([lonlat(x, y) for _, x, y in pins]).T
    at = np.full(len(pins), np.datetime64(NOON.replace(tzinfo=None), "us"))
    together = assigner.assign_many([pin[0] for pin in pins], atlas.locate(lon, lat), at)
    assert len(together) == len(pins)
    for i, (service_id, x, y) in enumerate(pins):
        alone = assigner.assign(service_id, atlas.locate(lon[i : i + 1], lat[i : i + 1]), NOON)
        assert together[i] == alone
        assert (alone.rule_id or 0) == by_hand(atlas, catalog, rules, service_id, x, y)


def test_no_pins_are_no_assignments(atlas: Atlas, catalog: Catalog) -> None:
    assert (
        len(Assigner(catalog, NARROWING).assign_many([], atlas.locate([], []), np.zeros(0, "datetime64[us]")))
        == 0
    )
