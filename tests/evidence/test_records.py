from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aimss.cli.evidence import app
from aimss.errors import EvidenceError
from aimss.evidence import usage
from aimss.evidence.audit import audit, seen
from aimss.evidence.records import find_sources, record
from aimss.evidence.usage import Use, uses, uses_in_plan, uses_of
from tests.evidence.bibliography import FORMATS, Made

run = CliRunner().invoke


def test_the_root_review_shows_what_its_literature_page_shows() -> None:
    page = record("34385978")
    assert {source.id for source in page.cited_by} == {
        "bender2025",
        "jing2025",
        "artigasarias2024",
        "goel2024",
        "zhang2024",
    }
    assert {source.id for source in page.cites} >= {"beckwee2017", "ribi2019_sole"}
    text = page.text()
    for part in ("Endocrinology", "2021 Jul 27;12:713700", "34385978", "10.3389/fendo.2021.713700"):
        assert part in text


def test_results_of_a_study_come_from_every_table() -> None:
    tables = {row.table for row in record("HOPE").results}
    assert {"joint/contrasts", "joint/outcomes", "prevalence/time_course"} <= tables


def test_show_by_pmid_doi_and_id_is_one_page() -> None:
    pages = {run(app, ["show", name]).stdout for name in ("25452437", "10.1200/JCO.2014.57.1547", "HOPE")}
    assert len(pages) == 1
    assert "BPI worst pain" in pages.pop()


def test_filters_narrow() -> None:
    everything = find_sources()
    rct = find_sources(design="rct", drug="letrozole", year="2010-2015")
    assert 0 < len(rct) < len(everything)
    assert all(source.year and 2010 <= source.year <= 2015 for source in rct)
    assert [source.id for source in find_sources("Dizdar")] == ["dizdar2009"]
    assert "crew2007" in {source.id for source in find_sources(phenotype="stiffness")}
    with pytest.raises(EvidenceError):
        find_sources(year="soon")


def test_json_of_every_command_is_json(tmp_path: Path) -> None:
    store = ["--store", str(tmp_path / "library.sqlite")]
    (tmp_path / "a.ris").write_text(FORMATS["ris"]([Made(1)]))
    assert json.loads(run(app, ["import", str(tmp_path / "a.ris"), "--json", *store]).stdout)["files"][0]["stored"] == 1
    assert json.loads(run(app, ["show", "ES058", "--json", *store]).stdout)["cells"]["value"] == "4.1"
    assert json.loads(run(app, ["show", Made(1).pmid, "--json", *store]).stdout)["own"] is True
    assert (
        json.loads(run(app, ["search", Made(1).marker, "--json", *store]).stdout)["imported"][0]["pmid"] == Made(1).pmid
    )
    assert json.loads(run(app, ["list", "--drug", "denosumab", "--json"]).stdout)["sources"]
    assert json.loads(run(app, ["prisma", "--json", *store]).stdout)["records"] == 1
    assert json.loads(run(app, ["audit", "--json"]).stdout)["orphans"] == []


def test_an_abstract_leaves_the_store_only_when_its_owner_asks(tmp_path: Path) -> None:
    store = ["--store", str(tmp_path / "library.sqlite")]
    (tmp_path / "a.ris").write_text(FORMATS["ris"]([Made(1)]))
    run(app, ["import", str(tmp_path / "a.ris"), *store])
    assert "Abstract of" not in run(app, ["search", "joint", "--json", *store]).stdout
    assert "Abstract of" in run(app, ["show", Made(1).pmid, *store]).stdout


def test_import_with_a_refused_record_exits_8_and_names_it(tmp_path: Path) -> None:
    (tmp_path / "a.ris").write_text("TY  - JOUR\nAU  - Doe\nER  - \n" + FORMATS["ris"]([Made(1)]))
    result = run(app, ["import", str(tmp_path / "a.ris"), "--store", str(tmp_path / "library.sqlite")])
    assert result.exit_code == 8
    assert "line 1, TY  - JOUR: has no title" in result.stdout
    assert "1 stored" in result.stdout


def test_no_number_of_aimss_is_an_orphan() -> None:
    result = audit()
    assert result.orphans == ()
    assert sum(result.rows.values()) > 2_400
    assert result.rows["bone/bmd", "no"] == 15


def test_an_orphan_is_found_and_named() -> None:
    orphan = Use("rule", "care/safety/x.yaml", "SAF-1", "do not", "NOBODY_1999", "yes")
    result = audit((orphan,))
    assert not result.sound
    assert "care/safety/x.yaml, SAF-1" in result.orphans[0]
    assert "NOBODY_1999" in result.orphans[0]


def test_a_use_is_as_well_seen_as_the_least_of_what_it_rests_on() -> None:
    def use(reference: str, status: str = "fitted") -> Use:
        return Use("parameter", "body/parameters.csv", "x", "x", reference, status)

    assert seen(use("ES058")) == "yes"
    assert seen(use("ES058; DE030")) == "secondary"
    assert seen(use("DE032")) == "no"
    assert seen(use("", "assumed")) == "assumed"
    assert seen(use("ZAP-HC")) == "partial"
    assert "body/parameters.csv, x: DE032" in audit((use("DE032"),)).unverified


def test_uses_are_read_from_parameter_tables_and_rule_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "body").mkdir()
    (tmp_path / "body" / "parameters.csv").write_text(
        "name,value,unit,meaning,status,source\nclearance,1.54,L/h,anastrozole clearance,fixed,PK018\n"
    )
    (tmp_path / "body" / "ratios.csv").write_text(
        "factor,hip,hip_source,rows\nsmoking,1.6,assumed: as told,K001 K002\n"
    )
    (tmp_path / "body" / "silent.csv").write_text("name,value\nx,1\n")
    (tmp_path / "care" / "safety").mkdir(parents=True)
    (tmp_path / "care" / "safety" / "zoledronate.yaml").write_text(
        "id: JPS2017\nrules:\n- {id: SAF-1, what_to_do: wait, verified: yes}\n"
        "- {id: SAF-2, why: w, sources: [ES058, HOPE]}\n"
    )
    monkeypatch.setattr(usage.resources, "files", lambda _package: tmp_path)
    found = uses.__wrapped__()
    assert [(use.kind, use.name, use.reference) for use in found] == [
        ("parameter", "clearance", "PK018"),
        ("parameter", "smoking.hip", ""),
        ("parameter", "smoking", "K001 K002"),
        ("parameter", "whole file", ""),
        ("rule", "SAF-1", "JPS2017"),
        ("rule", "SAF-2", "ES058; HOPE"),
    ]
    assert found[1].status == "assumed"
    assert found[0].what == "anastrozole clearance: 1.54 L/h"


def test_what_rests_on_a_source_includes_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    source = record("PMC10630892").source
    monkeypatch.setattr(
        usage,
        "uses",
        lambda: (Use("parameter", "f", "direct", "", "PMC10630892", ""), Use("rule", "f", "row", "", "ES058", "")),
    )
    assert [use.name for use in uses_of(source)] == ["direct", "row"]


def test_the_sources_of_a_plan_are_audited(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    finding = {"guideline": "JPS2017", "verified": "yes", "source": {"pmid": "28413771"}}
    warning = {"rule_id": "S", "verified": "yes", "source": {"citations": [{"url": "https://example.org"}]}}
    rules = {"findings": [finding], "safety": [warning], "rows": [{"sources": ["XX_1"]}]}
    plan.write_text(json.dumps({"sources": [{"id": "hyder2021", "status": "yes"}], "rules": rules}))
    found = uses_in_plan(plan)
    assert [use.reference for use in found] == ["hyder2021", "JPS2017", "", "XX_1"]
    result = run(app, ["audit", "--plan", str(plan)])
    assert result.exit_code == 8
    assert re.search(r"Orphans: 1\n.*XX_1", result.stdout)
