"""Questionnaires on joints: scoring of supplied item values with their missing-item rules, and the licence of each.

Only the arithmetic is here, never the wording of an item. A score says how many items it rests on; where too few were
answered there is no score. One instrument is turned into another only where a source supports it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from aimss.errors import OutOfScopeError, RecordError

Items = Sequence[float | None]


@dataclass(frozen=True)
class Instrument:
    """One score of one questionnaire.

    row : row of prevalence/instruments that holds source, meaningful change and licence. item_range : of one item.
    score_range : of the score. items : how many. fewest : answered items below which there is no score.
    missing_rule : how missing items are treated; missing_rule_status : source or assumed.
    """

    name: str
    label: str
    row: str
    item_range: tuple[float, float]
    score_range: tuple[float, float]
    items: int
    fewest: int
    missing_rule: str
    missing_rule_status: str
    higher_is_worse: bool
    formula: Callable[[list[float], int], float]

    @property
    def licence(self) -> str:
        """Licence note of the questionnaire, from the evidence table."""
        return str(_row(self.row).text("licence"))

    @property
    def meaningful_change(self) -> str:
        """Smallest change that matters, with its source, as printed; empty if none was found."""
        row = _row(self.row)
        return f"{row.text('mcid')} ({row.text('mcid_source')})" if row.text("mcid") else ""


@dataclass(frozen=True)
class Score:
    """A score and what it rests on; `value` is None where too few items were answered."""

    instrument: str
    value: float | None
    answered: int
    items: int
    note: str


def _row(key: str) -> Any:
    from aimss.evidence.tables import load_table

    return load_table("prevalence/instruments")[key]


def _mean(values: list[float], _: int) -> float:
    return sum(values) / len(values)


def _prorated_sum(values: list[float], items: int) -> float:
    return sum(values) * items / len(values)


def _dash(values: list[float], _: int) -> float:
    return (sum(values) / len(values) - 1.0) * 25.0


def _one(name: str, label: str, row: str, top: float) -> Instrument:
    return Instrument(name, label, row, (0, top), (0, top), 1, 1, "a single item", "source", True, _mean)


INSTRUMENTS: Mapping[str, Instrument] = MappingProxyType(
    {
        i.name: i
        for i in (
            _one("nrs", "0-10 pain score", "I018", 10),
            _one("vas_100", "0-100 mm pain line", "I018", 100),
            _one("bpi_worst", "BPI worst pain", "I001", 10),
            _one("bpi_average", "BPI average pain", "I001", 10),
            Instrument(
                "bpi_severity", "BPI pain severity", "I001", (0, 10), (0, 10), 4, 4,
                "mean of worst, least, average and now; all four are needed", "assumed", True, _mean,
            ),
            Instrument(
                "bpi_interference", "BPI pain interference", "I001", (0, 10), (0, 10), 7, 4,
                "mean of the answered items if more than half of the seven are", "assumed", True, _mean,
            ),
            Instrument(
                "haq_di", "HAQ disability index", "I006", (0, 3), (0, 3), 8, 6,
                "the highest item of each of eight categories; mean if six or more categories are answered", "assumed",
                True, _mean,
            ),
            Instrument(
                "fact_es", "FACT-ES endocrine subscale", "I005", (0, 4), (0, 76), 19, 10,
                "items turned so that higher is better; sum, prorated if more than half are answered (I004)", "source",
                False, _prorated_sum,
            ),
            Instrument(
                "dash", "DASH", "I012", (1, 5), (0, 100), 30, 27,
                "not computed if more than 3 items are missing", "source", True, _dash,
            ),
            Instrument(
                "quick_dash", "QuickDASH", "I013", (1, 5), (0, 100), 11, 10,
                "not computed if more than 1 item is missing", "source", True, _dash,
            ),
            Instrument(
                "bcpt_ms", "BCPT musculoskeletal scale", "I016", (0, 4), (0, 4), 3, 3,
                "mean of three items (rule inferred); all three are needed", "assumed", True, _mean,
            ),
            Instrument(
                "sf_mpq", "SF-MPQ descriptors", "I014", (0, 3), (0, 45), 15, 15,
                "sum of 15 descriptors; all are needed", "assumed", True, _prorated_sum,
            ),
        )
    }
)  # fmt: skip

SHOWN_ONLY: Mapping[str, str] = MappingProxyType(
    {
        "pro_ctcae": "its terms exclude diagnosis, prognosis and treatment decisions: show, do not compute (I010)",
        "promis_t_score": "take the T-score as the site computed it; the item bank is not shipped (I008, I009)",
        "womac": "scoring depends on the version, and the licence has to be asked for (I002)",
        "m_sacrah": "the rule of the total was not seen in print (I003)",
        "m_haq": "no page with its rule was seen (I007)",
        "sf_36": "RAND-36 and SF-36 score pain differently; give the domain score as computed (I011)",
    }
)


def score(name: str, items: Items | Mapping[str, Items]) -> Score:
    """Score supplied item values; None stands for an item not answered.

    items : the values in any order; for haq_di a mapping of category to its items (the highest counts).
    Raises RecordError for an unknown questionnaire, a wrong number of items or a value outside its range, and
    OutOfScopeError for one that may be shown but not computed with.
    """
    if name in SHOWN_ONLY:
        raise OutOfScopeError(
            f"instrument {name}", "one that aimss may score", "one that it may only show", SHOWN_ONLY[name]
        )
    if name not in INSTRUMENTS:
        raise RecordError("instrument", "one of " + ", ".join(INSTRUMENTS), repr(name), "A score needs a known range.")
    instrument = INSTRUMENTS[name]
    values = _values(instrument, items)
    answered = [v for v in values if v is not None]
    if len(answered) < instrument.fewest:
        note = f"no score: {len(answered)} of {instrument.items} answered; {instrument.missing_rule}"
        return Score(name, None, len(answered), instrument.items, note)
    return Score(
        name, instrument.formula(answered, instrument.items), len(answered), instrument.items, instrument.missing_rule
    )


def _values(instrument: Instrument, items: Items | Mapping[str, Items]) -> list[float | None]:
    if isinstance(items, Mapping):
        if instrument.name != "haq_di":
            raise RecordError(f"{instrument.name}.items", "a list of values", "categories")
        groups = {f"{instrument.name}.{category}": list(found) for category, found in items.items()}
        for field, found in groups.items():
            _check(field, found, instrument)
        values: list[float | None] = [max((v for v in g if v is not None), default=None) for g in groups.values()]
    else:
        values = list(items)
        if instrument.name == "haq_di":
            raise RecordError("haq_di.items", "a mapping of category to its items", "a list")
        _check(f"{instrument.name}.items", values, instrument)
    if len(values) != instrument.items:
        raise RecordError(
            f"{instrument.name}.items",
            f"{instrument.items} entries, an empty one for each not answered",
            f"{len(values)}",
        )
    return values


def _check(field: str, values: Items, instrument: Instrument) -> None:
    low, high = instrument.item_range
    for i, value in enumerate(values):
        if value is not None and not low <= value <= high:
            raise RecordError(f"{field}[{i}]", f"a value from {low:g} to {high:g}", f"{value:g}", "Check the scale.")


def convert(value: float, given: str, wanted: str) -> float:
    """Turn a score of one instrument into another.

    Only the same single pain question on a 0-100 and a 0-10 line (I018) is converted. Raises RecordError otherwise.
    """
    factors = {("vas_100", "nrs"): 0.1, ("nrs", "vas_100"): 10.0, ("vas_100", "vas_100"): 1.0, ("nrs", "nrs"): 1.0}
    if (given, wanted) not in factors:
        raise RecordError(
            f"instrument {given}", f"one that a source converts to {wanted}", "none was found",
            "Give a 0-10 score of the same day beside it.",
        )  # fmt: skip
    low, high = INSTRUMENTS[given].score_range
    if not low <= value <= high:
        raise RecordError(f"{given}.value", f"a value from {low:g} to {high:g}", f"{value:g}", "Check the scale.")
    return value * factors[given, wanted]
