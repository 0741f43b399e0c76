"""The language of conditions: Kleene's three values, missing facts named, nothing outside the language accepted."""

from __future__ import annotations

import itertools
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimss.care.compiled import condition_of
from aimss.care.expression import parse
from aimss.care.kleene import PartialSet
from aimss.errors import RuleError

VALUES = [True, False, None]


def facts(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def truth(text: str, **values: object) -> bool | None:
    return parse(text).evaluate(facts(**values))


@pytest.mark.parametrize(("a", "b"), list(itertools.product(VALUES, VALUES)))
def test_and_or_not_are_kleene(a: bool | None, b: bool | None) -> None:
    assert truth("a and b", a=a, b=b) is (False if False in (a, b) else None if None in (a, b) else True)
    assert truth("a or b", a=a, b=b) is (True if True in (a, b) else None if None in (a, b) else False)
    assert truth("not a", a=a) is (None if a is None else not a)


@given(st.lists(st.sampled_from(VALUES), min_size=1, max_size=6), st.integers(0, 7))
def test_at_least_is_what_every_completion_agrees_on(values: list[bool | None], count: int) -> None:
    names = [f"p{i}" for i in range(len(values))]
    text = f"at_least({count}, {', '.join(names)})"
    completions = itertools.product(*([v] if v is not None else [True, False] for v in values))
    answers = {sum(completion) >= count for completion in completions}
    expected = answers.pop() if len(answers) == 1 else None
    assert truth(text, **dict(zip(names, values, strict=True))) is expected


EDGES = [("<", False), ("<=", True), (">", False), (">=", True), ("==", True), ("!=", False)]


@pytest.mark.parametrize(("sign", "at_the_edge"), EDGES)
@pytest.mark.parametrize("edge", [-2.5, -2.0, -1.5, 20, 24, 35, 65])
def test_edges_are_exact(sign: str, at_the_edge: bool, edge: float) -> None:
    assert truth(f"x {sign} {edge}", x=edge) is at_the_edge
    assert truth(f"x {sign} {edge}", x=edge - 0.1) is (sign in {"<", "<=", "!="})
    assert truth(f"x {sign} {edge}", x=edge + 0.1) is (sign in {">", ">=", "!="})
    assert truth(f"x {sign} {edge}") is None


def test_chains_sums_and_sets() -> None:
    assert [truth("-2.0 <= t < -1.5", t=t) for t in (-2.1, -2.0, -1.6, -1.5)] == [False, True, True, False]
    assert truth("-2.0 <= t < -1.5") is None
    assert truth("a * 2 + b / 4 - 1 > 3", a=1, b=12) is True
    assert truth("a * 2 + b / 4 - 1 > 4", a=1, b=12) is False
    assert truth("a * 2 > 3", b=1) is None
    assert truth("-a < 0", a=1) is True
    assert truth("-a < 0") is None
    assert truth("risk in {'low', 'high'}", risk="low") is True
    assert truth("risk not in {'low', 'high'}", risk="low") is False
    assert truth("a == b", a=1, b=1) is True
    assert truth("true or x") is True
    assert truth("false and x") is False


def test_a_list_with_gaps_is_three_valued() -> None:
    gappy = PartialSet(frozenset({"warfarin"}), absent=frozenset({"letrozole"}))
    whole = PartialSet(frozenset({"warfarin"}), whole=True)
    assert truth("'warfarin' in drugs", drugs=gappy) is True
    assert truth("'letrozole' in drugs", drugs=gappy) is False
    assert truth("'aspirin' in drugs", drugs=gappy) is None
    assert truth("'aspirin' not in drugs", drugs=gappy) is None
    assert truth("'warfarin' not in drugs", drugs=gappy) is False
    assert truth("'aspirin' in drugs", drugs=whole) is False
    assert truth("'aspirin' not in drugs", drugs=whole) is True
    assert parse("'aspirin' in drugs").missing({"drugs": gappy}) == {"drugs"}
    assert parse("'aspirin' in drugs").missing({}) == {"drugs"}


def test_missing_names_only_what_keeps_it_unknown() -> None:
    expression = parse("a and (b or c) and not d")
    assert expression.missing(facts(a=True, b=True)) == {"d"}
    assert expression.missing(facts(a=True, c=False, d=False)) == {"b"}
    assert expression.names == {"a", "b", "c", "d"}
    counted = parse("at_least(2, a, b, c)")
    assert counted.missing(facts(a=True, b=False)) == {"c"}
    assert parse("x < y").missing(facts(x=1)) == {"y"}
    assert parse("x < y").missing(facts(y=1)) == {"x"}
    assert parse("-x < 0").missing({}) == {"x"}


def test_given_is_never_unknown() -> None:
    assert truth("given(a)", a=False) is True
    assert truth("given(a)") is False
    assert parse("given(a) and b").missing(facts(a=1)) == {"b"}


def test_definitions_stand_in_at_least() -> None:
    expression = parse("at_least(2, factors, c)", definitions={"factors": ["a > 1", "b"]})
    assert expression.evaluate({"a": 2, "b": False, "c": True}) is True
    assert expression.evaluate({"a": 2, "b": False}) is None
    assert expression.names == {"a", "b", "c"}
    assert ("a", 1) in expression.compared


def test_what_is_compared_is_kept() -> None:
    assert parse("-2.0 <= t < -1.5 or 3 > n or r in {'b', 'a'}").compared == (
        ("t", -1.5), ("t", -2.0), ("n", 3), ("r", "a"), ("r", "b"),
    )  # fmt: skip
    assert parse("x < y or x - y > 2").compared == ()


@pytest.mark.parametrize(
    "text",
    [
        "", "a +", "a + b", "f(a)", "a.b", "a[0]", "lambda: a", "__import__('os')", "a if b else c", "at_least(1)",
        "at_least(a, b)", "given(1)", "given()", "given(a, b)", "a is b", "1", "'a'", "[x for x in y]", "a := b",
        "a < {b}", "a ** 2 > 1", "{a} == b", "~a", "+a > 1", "a < (lambda: 1)", "x in [1, 2]",
        "a.b(1)", "f()(1)", "a == None", "a == b'x'", "at_least(1.5, a)", "given(a.b)", "x in {y}", "not 1",
    ],
)  # fmt: skip
def test_anything_outside_the_language_is_refused(text: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(text, where="X-01.condition")
    assert caught.value.field == "X-01.condition"
    assert "at_least" in caught.value.expected


def test_a_refusal_says_where_what_and_how_to_mend() -> None:
    with pytest.raises(RuleError) as caught:
        parse("f(a)")
    error = caught.value
    assert (error.field, error.found) == ("condition", "'f(a)'")
    assert error.expected.startswith("facts compared with numbers or words, joined by and, or, not, in")
    assert "aimss rules facts" in error.mend


def test_what_every_woman_shares_cannot_be_changed() -> None:
    for shared, field in ((parse("a"), "text"), (PartialSet(frozenset()), "whole")):
        with pytest.raises(FrozenInstanceError):
            setattr(shared, field, True)


def test_a_name_that_is_no_fact_is_refused() -> None:
    with pytest.raises(RuleError, match="t_score_hip"):
        condition_of("t_score_hip < -2", "X-01")


tree = st.recursive(
    st.sampled_from(["a", "b", "c", "x < 1", "x >= 2"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: f"({p[0]} and {p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]} or {p[1]})"),
        inner.map(lambda p: f"(not {p})"),
        st.tuples(inner, inner, inner).map(lambda p: f"at_least(2, {', '.join(p)})"),
    ),
    max_leaves=8,
)


@given(tree, st.fixed_dictionaries({}, optional={"a": st.booleans(), "b": st.booleans(), "c": st.booleans(),
                                                "x": st.sampled_from([0, 1, 2])}), st.data())  # fmt: skip
def test_less_knowledge_never_flips_an_answer(text: str, known: dict, data: st.DataObject) -> None:
    expression = parse(text)
    whole = expression.evaluate(known)
    fewer = {name: value for name, value in known.items() if data.draw(st.booleans(), label=name)}
    part = expression.evaluate(fewer)
    assert part is None or part is whole
    assert (part is None) <= bool(expression.missing(fewer))
    assert expression.missing(fewer) <= expression.names - fewer.keys()
