"""Whatever stands in a record, the reader answers with a patient or with an error of ours; nothing else gets out."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from record_strategies import records

from aimss.errors import AimssError
from aimss.patient.csv_columns import columns
from aimss.patient.csv_reader import read_many
from aimss.patient.files import load_json, load_yaml
from aimss.patient.reading import patient_from_data, read_record

relaxed = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.dates()
    | st.datetimes()
    | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3),
    max_leaves=6,
)


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """All paths into nested data."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(deep for key, value in items for deep in places(value, (*path, key)))]


@relaxed
@given(records(), st.data())
def test_one_wrong_value_anywhere(record: dict[str, Any], data: st.DataObject) -> None:
    *path, last = data.draw(st.sampled_from(places(record)[1:]))
    wrong = data.draw(anything)
    target: Any = record
    for key in path:
        target = target[key]
    target[last] = wrong
    message = ""
    try:
        read_record(record)
    except AimssError as error:
        message = str(error)
    assert not message or "expected" in message
    assert "pydantic" not in message
    assert "Input should" not in message


@relaxed
@given(anything)
def test_any_data_at_all(data: Any) -> None:
    with contextlib.suppress(AimssError):
        patient_from_data(data)


@relaxed
@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from(list("{}[]:,-&*!|>'\"#%@` \n\tab01.~?<=")), max_size=40).map("".join)
)
@example("? [a]\n: b")
@example("<<: {sex: female}")
@example("a: 2024-01-01T25:61:61")
@example("!!binary x")
@example("=")
@example("1: 2\ntrue: 3\n1.0: 4")
@example("- - - - - - - - - - - - - - - -")
def test_any_text_as_yaml_or_json(text: str) -> None:
    for load in (load_yaml, load_json):
        with contextlib.suppress(AimssError):
            patient_from_data(load(text, "x"))


@relaxed
@given(data=st.data())
def test_any_cells_in_a_table(tmp_path_factory: Any, data: st.DataObject) -> None:
    path: Path = tmp_path_factory.mktemp("fuzz") / "x.csv"
    known = st.sampled_from(sorted(columns()))
    header = data.draw(st.lists(known | known.map(lambda name: f"{name}_2") | st.text(max_size=6), max_size=8))
    header = ["sex", "age_years", "aromatase_inhibitor_status", *header]
    cells = st.text(max_size=8) | st.sampled_from(["1", "2024", "female", "62", "planned", "true", "a|b", ""])
    rows = data.draw(st.lists(st.lists(cells, min_size=len(header), max_size=len(header)), max_size=3))
    path.write_text(
        "\n".join(",".join(json.dumps(c)[1:-1] if i else c for i, c in enumerate(r)) for r in [header, *rows]),
        encoding="utf-8",
    )
    with contextlib.suppress(AimssError):
        list(read_many(path))
