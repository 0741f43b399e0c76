"""The example records are read, hold together, and differ in what matters."""

from __future__ import annotations

from pathlib import Path

import pytest

from aimss.patient.files import load_yaml
from aimss.patient.reading import patient_from_data, read_record

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_an_example_is_read(path: Path) -> None:
    patient = read_record(path)
    assert "invented" in path.read_text(encoding="utf-8").splitlines()[0]
    assert 18 <= patient.age <= 100


def test_there_are_six_truly_different_women() -> None:
    women = {path.stem: read_record(path) for path in EXAMPLES}
    assert len(women) == 6
    assert {w.aromatase_inhibitor.drug for w in women.values()} == {"letrozole", "anastrozole", "exemestane"}
    assert women["denosumab-near-its-end"].takes("denosumab")
    assert women["seventy-one-fragility-fracture"].had_fracture
    assert women["anastrozole-joint-pain-six"].had_fracture is None
    assert women["premenopausal-suppression-exemestane"].takes("ovarian_suppression")


def test_the_falling_series_falls_as_on_an_aromatase_inhibitor() -> None:
    # untreated arms of AI trials lose roughly 1 to 3 % a year at the spine and less at the hip
    patient = read_record(next(p for p in EXAMPLES if "falling" in p.stem))
    loss = {}
    for site in ("lumbar_spine", "total_hip", "femoral_neck"):
        scans = [s for s in patient.dxa if s.site == site]
        assert len(scans) == 4
        first, last = scans[0], scans[-1]
        years = (last.date - first.date).days / 365.25
        loss[site] = 100 * (1 - (last.bmd_g_cm2 / first.bmd_g_cm2) ** (1 / years))
    assert 1.5 < loss["lumbar_spine"] < 2.6
    assert 0.8 < loss["total_hip"] < loss["lumbar_spine"]


def test_the_record_of_the_manual_is_read() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "record.md").read_text(encoding="utf-8")
    text = manual.split("```yaml\n")[1].split("```")[0]
    patient = patient_from_data(load_yaml(text, "record.md"))
    assert patient.had_fracture is False
    assert patient.has_condition("stroke") is False
    assert patient.has_condition("gout") is None
    assert len(patient.dxa) == 2
