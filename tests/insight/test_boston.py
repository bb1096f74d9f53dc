"""Figures of Boston's half-year are the file's own, and what pandas counts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from tests.insight.boston import add_city, load, read_reports
from webapp.insight.facts import Facts
from webapp.insight.keeping import refresh
from webapp.insight.kept import kept
from webapp.insight.measures import Window, by_key, measured

pytestmark = pytest.mark.shared
# Of what is open, the file says what was late when it was written: after the last promised date.
NOW = datetime(2019, 11, 1, tzinfo=UTC)
HALF_YEAR = Window(datetime(2011, 7, 1, tzinfo=UTC), datetime(2012, 1, 2, tzinfo=UTC), NOW)


def pandas_median(reports: pd.DataFrame, part: float, now: datetime) -> object:
    """The product over days of the share that goes on, as a table of pandas."""
    end = reports.closed_dt.where(reports.closed_dt <= now.replace(tzinfo=None), now.replace(tzinfo=None))
    days = (end - reports.open_dt).dt.total_seconds() / 86_400
    table = (
        reports.assign(days=days, over=reports.closed_dt <= now.replace(tzinfo=None))
        .groupby("days")
        .over.agg(["sum", "size"])
    )
    table["at_risk"] = table["size"][::-1].cumsum()[::-1]
    left = (1 - table["sum"] / table.at_risk).cumprod()
    reached = left[left <= 1 - part + 1e-9].index
    return pytest.approx(reached[0]) if len(reached) else None


def test_figures_of_a_half_year(session: Session, shared_data: Path) -> None:
    reports, city_id = read_reports(shared_data), add_city(session)
    departments = load(session, city_id, reports)
    assert refresh(session, city_id).gathered == len(reports) == 58_251
    found = kept(session, city_id)
    assert found is not None
    facts: Facts = found.facts

    # Of some the file does not say.
    said = reports.ontime.notna()
    promised = reports[reports.target_dt.notna() & said]
    theirs = (promised.ontime == "ONTIME").groupby(promised.department).agg(["mean", "size"])
    known = facts.where(said.to_numpy(bool))
    ours = by_key(known, known.department, HALF_YEAR)
    assert len(theirs) >= 8
    for code, row in theirs.iterrows():
        counted = ours[departments[str(code)]]
        assert counted.promised == row["size"], code
        assert counted.on_time == pytest.approx(row["mean"], abs=0.001), code

    ours = by_key(facts, facts.department, HALF_YEAR)
    for code, rows in reports.groupby("department"):
        counted = ours[departments[str(code)]]
        assert counted.received == len(rows)
        if len(rows) > 100:
            assert counted.median_days == pandas_median(rows, 0.5, NOW), code
            assert counted.most_days == pandas_median(rows, 0.8, NOW), code

    # In the middle of it, when a third was still open, nobody knew more than that.
    autumn = datetime(2011, 10, 1, tzinfo=UTC)
    then = facts.where(facts.opened < np.datetime64("2011-10-01"))
    of_summer = reports[reports.open_dt < "2011-10-01"]
    blind = Facts(**{name: getattr(then, name) for name in Facts.__slots__} | {
        "closed": np.where(then.closed <= np.datetime64("2011-10-01"), then.closed, np.datetime64("NaT")),
        "completed": then.closed <= np.datetime64("2011-10-01"),
    })  # fmt: skip
    window = Window(HALF_YEAR.begin, autumn, autumn)
    assert measured(blind, window).most_days == pandas_median(of_summer, 0.8, autumn)
    assert measured(blind, window).open == int((~(of_summer.closed_dt < "2011-10-01")).sum())

    for district, rows in reports.groupby("city_council_district"):
        one = measured(facts.where(facts.district.codes == facts.district.code(str(district))), HALF_YEAR)
        assert one.received == len(rows)
        assert one.closed == int((rows.closed_dt < "2012-01-02").sum())
