"""The columns of endpoint data: one a measure and visit, named as they stand in files and tables."""

from __future__ import annotations

from dataclasses import dataclass

from aimss.trials.design import (
    AimssEndpoint,
    BmdEndpoint,
    BmdResponder,
    Endpoint,
    FractureEndpoint,
    MarkerEndpoint,
    PainEndpoint,
    PainResponder,
    TrialDesign,
)

WEEKS_PER_MONTH = 365.25 / 12 / 7
SHARES = ("bmd_responder", "pain_responder", "aimss", "persistence")


@dataclass(frozen=True)
class Column:
    """One endpoint at one time. `share` says that it is yes or no; `baseline` names the column to adjust for."""

    key: str
    name: str
    site: str | None
    month: float | None
    week: int | None
    share: bool
    baseline: str | None = None


def names_of(endpoint: Endpoint) -> tuple[str, str, str | None]:  # noqa: PLR0911 - one return a measure
    """Return the name of an endpoint in tables, the stem of its columns, and the column of its first measurement."""
    match endpoint:
        case BmdEndpoint(measure=measure, site=site):
            return measure, f"{measure}/{site}", f"first/bmd_{site}"
        case BmdResponder(site=site, at_least_percent=low, at_most_percent=high):
            limit = f"at_least_{low:g}" if low is not None else f"at_most_{high:g}"
            return f"bmd_responder_{limit}_percent", f"bmd_responder/{limit}/{site}", None
        case MarkerEndpoint(marker=marker):
            return f"{marker}_percent_change", f"marker_percent_change/{marker}", None
        case PainEndpoint():
            return "pain_change", "pain_change", "first/pain"
        case PainResponder(falls_by_points=points):
            return f"pain_responder_{points:g}_points", f"pain_responder/{points:g}", None
        case AimssEndpoint(definition=definition):
            return f"aimss_{definition}", f"aimss/{definition}", None
        case FractureEndpoint(kind=kind):
            return f"fracture_{kind}", f"fracture/{kind}", None
        case _:
            return "persistence", f"persistence/{endpoint.setting}", None


def column_key(endpoint: Endpoint, at: float) -> str:
    """Return the key of an endpoint's column at a month, or at a week where it is counted in weeks."""
    return f"{names_of(endpoint)[1]}/{'week_' if hasattr(endpoint, 'weeks') else ''}{at:g}"


def endpoint_columns(design: TrialDesign) -> tuple[Column, ...]:
    """Return the columns of a design in its order; fracture endpoints have a time and a cause and stand apart."""
    found: list[Column] = []
    for endpoint in design.endpoints:
        name, _, baseline = names_of(endpoint)
        site, share = getattr(endpoint, "site", None), endpoint.measure in SHARES
        for month in getattr(endpoint, "months", ()):
            key = column_key(endpoint, month)
            found.append(Column(key, name, site, round(month, 2), None, share, baseline))
        for week in getattr(endpoint, "weeks", ()):
            key = column_key(endpoint, week)
            found.append(Column(key, name, site, round(week / WEEKS_PER_MONTH, 2), week, share, baseline))
    return tuple(found)


def fracture_kinds(design: TrialDesign) -> tuple[str, ...]:
    """Return the kinds of fracture that are endpoints."""
    return tuple(e.kind for e in design.endpoints if isinstance(e, FractureEndpoint))
