"""What the strategy language accepts, and how it refuses the rest: field, value, accepted values."""

from __future__ import annotations

import pytest

from aimss.care.library import strategy_library
from aimss.care.strategy import parse_strategy, read_strategy
from aimss.care.timing import parse_dose, parse_duration, parse_moment
from aimss.errors import AimssError, InputFileError, SeveralErrors, StrategyError

ZOL = {"drug": "zoledronate", "dose": "4 mg", "every": "6 months"}
DMAB = {"drug": "denosumab", "dose": "60 mg", "every": "6 months"}


def read(courses=(), **fields):
    return parse_strategy({"name": "mine", "label": "Mine", "summary": "Mine.", "courses": courses, **fields})


# what is wrong, courses, field of the error, words of what is accepted, words of what was found
BAD_COURSES = [
    ("dose without unit", [{**ZOL, "dose": 4}], "courses[0].dose", "with its unit", "4"),
    ("dose as bare text", [{**ZOL, "dose": "4"}], "courses[0].dose", "a unit", "4"),
    ("no dose", [{"drug": "zoledronate", "every": "6 months"}], "courses[0].dose", "a dose of zoledronate", "nothing"),
    ("dose below zero", [{**ZOL, "dose": "-4 mg"}], "courses[0].dose", "positive", "-4 mg"),
    ("dose of zero", [{**ZOL, "dose": "0 mg"}], "courses[0].dose", "above zero", "0 mg"),
    ("absurd dose", [{**ZOL, "dose": "400 mg"}], "courses[0].dose", "1 to 5 mg", "400 mg"),
    ("dose of an AI that is not modelled", [{"drug": "letrozole", "dose": "25 mg"}], "courses[0].dose", "2.5 mg", "25"),
    ("mg where IU belongs", [{"drug": "vitamin_d", "dose": "800 mg"}], "courses[0].dose", "in IU", "800 mg"),
    ("IU where mg belongs", [{**ZOL, "dose": "4 IU"}], "courses[0].dose", "in mg", "4 IU"),
    ("dose of her AI", [{"drug": "her_ai", "dose": "1 mg"}], "courses[0].dose", "no dose", "1 mg"),
    ("unknown drug", [{**ZOL, "drug": "zolendronate"}], "courses[0].drug", "zoledronate", "zolendronate"),
    ("brand name", [{**ZOL, "drug": "Prolia"}], "courses[0].drug", "denosumab", "Prolia"),
    ("a list as drug", [{**ZOL, "drug": ["zoledronate"]}], "courses[0].drug", "word", "zoledronate"),
    ("interval of zero", [{**ZOL, "every": "0 months"}], "courses[0].every", "above zero", "0 months"),
    ("interval as number", [{**ZOL, "every": 6}], "courses[0].every", "months", "6"),
    ("no interval", [{"drug": "zoledronate", "dose": "4 mg"}], "courses[0].every", "number_of_doses: 1", "nothing"),
    ("absurd interval", [{**DMAB, "every": "1 day"}], "courses[0].every", "28 to 370 days", "1 day"),
    ("wrong route", [{**ZOL, "route": "oral"}], "courses[0].route", "intravenous", "oral"),
    ("unknown unit of time", [{**ZOL, "every": "6 moons"}], "courses[0].every", "months", "6 moons"),
    ("unknown field", [{**ZOL, "interval": "6 months"}], "courses[0].interval", "every", "unknown field"),
    ("stop before start", [{**ZOL, "start": "+2 years", "stop": "+1 year"}], "courses[0].stop", "after", "+1 year"),
    ("stop on start", [{**ZOL, "start": "now", "stop": "now"}], "courses[0].stop", "after the start", "now"),
    ("stop before start by reference", [{**ZOL, "start": "at ai_stop", "stop": "+1 year"}], "courses[0].stop",
     "after the start", "day 365"),
    ("stop before start by date", [{**ZOL, "start": "2027-05-01", "stop": "2027-03-01"}], "courses[0].stop",
     "after the start", "2027-03-01"),
    ("stop and lasts", [{**ZOL, "stop": "+1 year", "lasts": "1 year"}], "courses[0].lasts", "not both", "1 year"),
    ("a moment in words", [{**ZOL, "start": "tomorrow"}], "courses[0].start", "at ai_stop + 6 months", "tomorrow"),
    ("a date that is none", [{**ZOL, "start": "2027-02-31"}], "courses[0].start", "a date", "2027-02-31"),
    ("unknown reference", [{**ZOL, "start": "at denosumb stop"}], "courses[0].start", "reference", "denosumb"),
    ("reference to itself", [{**ZOL, "start": "at zoledronate stop"}], "courses", "circle", "zoledronate stop"),
    ("a circle of two", [{**ZOL, "start": "at denosumab stop"}, {**DMAB, "start": "at zoledronate stop"}], "courses",
     "circle", "zoledronate start"),
    ("last dose of a tablet", [{**ZOL, "start": "at calcium last_dose"}, {"drug": "calcium"}], "courses[0].start",
     "calcium stop", "last_dose"),
    ("two AIs at once", [{"drug": "letrozole", "lasts": "5 years"}, {"drug": "anastrozole", "start": "+2 years"}],
     "courses[1].start", "one endocrine drug at a time", "anastrozole from day 730"),
    ("AI and tamoxifen at once", [{"drug": "letrozole"}, {"drug": "tamoxifen"}], "courses[1].start", "one endocrine",
     "tamoxifen"),
    ("two bone drugs at once", [ZOL, DMAB], "courses[1].start", "one bone drug at a time", "denosumab"),
    ("the same id twice", [ZOL, {**ZOL, "start": "+5 years"}], "courses", "different id", "zoledronate twice"),
    ("adherence above one", [{"drug": "letrozole", "adherence": 1.2}], "courses[0].adherence", "1", "1.2"),
    ("adherence not a number", [{"drug": "letrozole", "adherence": float("nan")}], "courses[0].adherence", "finite",
     "nan"),
    ("adherence of an infusion", [{**ZOL, "adherence": 0.8}], "courses[0].adherence", "no adherence", "one"),
    ("a missed tablet by number", [{"drug": "calcium", "missed": [2]}], "courses[0].missed", "injections only", "2"),
    ("a late dose beyond the last", [{**ZOL, "number_of_doses": 2, "late_by_months": {3: 1}}],
     "courses[0].late_by_months", "up to number_of_doses (2)", "3"),
    ("a dose early", [{**ZOL, "late_by_months": {3: -1}}], "courses[0].late_by_months[3]", "greater than 0", "-1"),
    ("a pattern of minutes", [{"drug": "letrozole", "pattern": {"taken": "0.01 days", "rest": "1 day"}}],
     "courses[0].pattern.taken", "at least 1 day", "0.01 days"),
    ("T-score without site", [{**ZOL, "start": {"when": "t_score", "at_or_below": -2.5}}], "courses[0].start", "site",
     "t_score"),
    ("unknown condition", [{**ZOL, "start": {"when": "tscore", "site": "any", "at_or_below": -2}}],
     "courses[0].start.when", "t_score", "tscore"),
    ("unknown site", [{**ZOL, "start": {"when": "t_score", "site": "wrist", "at_or_below": -2}}],
     "courses[0].start.site", "lumbar_spine", "wrist"),
    ("condition without threshold", [{**ZOL, "start": {"when": "t_score", "site": "any"}}], "courses[0].start",
     "one threshold", "site: any"),
    ("pain above 10", [{"drug": "duloxetine", "start": {"when": "pain", "at_least": 11}}], "courses[0].start",
     "0 to 10", "11"),
    ("a map for the list", {"drug": "letrozole"}, "courses", "a list", "letrozole"),
    ("a word for a course", ["letrozole"], "courses[0]", "a map", "letrozole"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("courses", "field", "expected", "found"), [b[1:] for b in BAD_COURSES], ids=[b[0] for b in BAD_COURSES]
)
def test_a_bad_course_is_refused_with_field_value_and_accepted_values(courses, field, expected, found):
    with pytest.raises(StrategyError) as caught:
        read(courses)
    error = caught.value
    assert error.field == f"strategy.{field}"
    assert expected in error.expected
    assert found in error.found
    assert error.exit_code == 5


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "Has Spaces"}, "name"),
        ({"label": 3}, "label"),
        ({"summary": ""}, "summary"),
        ({"continue": "some"}, "continue"),
        ({"ends_now": ["denosumb"]}, "ends_now"),
        ({"goal": "bones"}, "goal"),
        ({"counterfactual": "no_cancer"}, "counterfactual"),
        ({"counterfactual": "never_ai", "courses": [{"drug": "letrozole"}]}, "courses[0].drug"),
    ],
)
def test_a_bad_strategy_names_its_field(fields, field):
    with pytest.raises(StrategyError) as caught:
        read(**fields)
    assert caught.value.field == f"strategy.{field}"


def test_several_mistakes_are_all_reported():
    with pytest.raises(SeveralErrors) as caught:
        read([{**ZOL, "dose": 4, "every": "0 months", "start": "soon"}, {"drug": "letrozol"}])
    fields = [e.field for e in caught.value.errors]
    assert fields == [f"strategy.courses[{f}" for f in ("0].dose", "0].every", "0].start", "1].drug")]
    assert caught.value.exit_code == 5


@pytest.mark.parametrize(
    ("written", "meant"),
    [("zoledronat", "zoledronate"), ("Zometa", "zoledronate"), ("zoledronic acid", "zoledronate"),
     ("prolia", "denosumab"), ("letrozol", "letrozole"), ("ovarian-suppression", "ovarian_suppression"),
     ("AI", "her_ai")],
)  # fmt: skip
def test_the_name_that_was_meant_is_offered(written, meant):
    with pytest.raises(StrategyError) as caught:
        read([{**ZOL, "drug": written}])
    assert f"Did you mean {meant}?" in caught.value.mend


@pytest.mark.parametrize("data", [None, [], "letrozole", 3])
def test_something_else_than_a_mapping(data):
    with pytest.raises(StrategyError, match="a mapping"):
        parse_strategy(data)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("name: [", InputFileError),
        ("a: &x [1]\nb: *x\n", InputFileError),
        ("name: a\nname: b\n", InputFileError),
        ("- name: a\n", StrategyError),
        ("", StrategyError),
    ],
)
def test_a_bad_file_is_one_error(tmp_path, text, kind):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(kind):
        read_strategy(path)


def test_a_missing_file_is_an_error_of_its_own_kind(tmp_path):
    with pytest.raises(InputFileError):
        read_strategy(tmp_path / "none.yaml")


def test_a_file_of_ones_own_is_read(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\nlabel: Mine\nsummary: Mine.\ncontinue: ai\ncourses:\n"
        "  - {drug: denosumab, dose: 60 mg, every: 6 months, late_by_months: {3: 3}, missed: [5], stop: 2031-05}\n",
        encoding="utf-8",
    )
    strategy = read_strategy(path)
    assert strategy.continues == "ai"
    assert strategy.courses[0].late_by_months == {3: 3.0}
    assert strategy.courses[0].id == "denosumab"


def test_durations_moments_and_doses():
    assert parse_duration("6 months").days == pytest.approx(182.625)
    assert parse_duration("1 year").days == 365.25
    assert str(parse_dose("1 session")) == "1 sessions"
    moment = parse_moment("at denosumab last_dose - 2 weeks")
    assert (moment.anchor, moment.edge, moment.offset_days) == ("denosumab", "last_dose", -14)
    assert parse_moment("at ai_stop + 6 months").offset_days == pytest.approx(182.625)
    assert parse_moment("+ 18 months").offset_days == pytest.approx(18 * 30.4375)


ASKED_FOR = [
    *(f"{drug}_{years}_years" for drug in ("letrozole", "anastrozole", "exemestane") for years in (5, 7, 10)),
    "tamoxifen_2_years_then_ai", "tamoxifen_3_years_then_ai", "letrozole_intermittent", "ai_pause_2_weeks",
    "ai_pause_8_weeks", "switch_to_letrozole", "switch_to_exemestane", "switch_to_tamoxifen", "stop_ai_now", "no_ai",
    "ovarian_suppression_with_ai", "zoledronate_4mg_6_monthly", "zoledronate_5mg_yearly", "zoledronate_5mg_once",
    "risedronate_35mg_weekly", "alendronate_70mg_weekly", "ibandronate_150mg_monthly", "denosumab_without_follow_on",
    "denosumab_then_zoledronate", "denosumab_then_zoledronate_late", "denosumab_one_dose_late", "raloxifene_after_ai",
    "calcium_and_vitamin_d", "exercise", "acupuncture_12_weeks", "duloxetine_12_weeks", "nsaid_4_weeks",
    "zoledronate_when_osteoporotic",
]  # fmt: skip


def test_the_library_holds_what_was_asked_for():
    assert set(ASKED_FOR) <= set(strategy_library())


def test_no_strategy_advises_and_none_ranks():
    advice = ("should", "recommend", "advis", "better", "best ", "safe", "must ", "ought")
    for strategy in strategy_library().values():
        words = f"{strategy.label} {strategy.summary}".lower()
        assert not [word for word in advice if word in words], strategy.name


def test_every_strategy_says_which_ai():
    says = {name: s.aromatase_inhibitor for name, s in strategy_library().items()}
    assert says["ai_alone"] == says["zoledronate_4mg_6_monthly"] == says["tamoxifen_2_years_then_ai"] == "hers"
    assert says["letrozole_7_years"] == "letrozole"
    assert says["no_ai"] == says["stop_ai_now"] == says["switch_to_tamoxifen"] == "none"


def test_errors_never_reach_the_user_as_something_else():
    for bad in (
        {1: 2},
        {"name": "a", "courses": [{"drug": {}}]},
        {"name": "a", "courses": [{"drug": "letrozole", "late_by_months": {"x": 1}}]},
    ):
        with pytest.raises(AimssError):
            parse_strategy(bad)


def test_the_example_of_the_manual_is_sound(tmp_path, planned):
    from pathlib import Path

    from aimss.care.compile import compile_strategy

    manual = (Path(__file__).parents[3] / "docs" / "strategies.md").read_text(encoding="utf-8")
    path = tmp_path / "example.yaml"
    path.write_text(manual.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    compiled = compile_strategy(read_strategy(path), planned, 10)
    assert compiled.exit_plan is not None
    assert compiled.exit_plan.status == "planned"
