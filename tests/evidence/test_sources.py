from __future__ import annotations

import pytest

from aimss.errors import EvidenceError
from aimss.evidence.references import resolve
from aimss.evidence.sources import load_sources
from aimss.evidence.tables import load_table


def test_a_publication_in_several_tables_is_one_source() -> None:
    review = load_sources().get("34385978")
    assert review is load_sources().get("HYDER2021")
    assert review is load_sources().get("https://doi.org/10.3389/FENDO.2021.713700")
    assert review.identity == "PMID 34385978"
    assert load_sources().get("HOPE") is load_sources().get("irwin2015_hope")


def test_ids_that_differ_in_case_only_are_different_studies() -> None:
    assert load_sources().get("mao2009") is not load_sources().get("MAO2009")


def test_no_identifier_belongs_to_two_sources() -> None:
    for kind in ("pmid", "pmcid", "doi"):
        known = [getattr(source, kind) for source in load_sources() if getattr(source, kind)]
        assert len(known) == len(set(known))


def test_a_study_without_identifier_says_so() -> None:
    assert load_sources().get("IES_BONE_2010").identity == "no PMID or DOI known"


def test_every_study_row_leads_to_its_source() -> None:
    for name in ("bone/bmd", "prevalence/prevalence", "joint/contrasts", "pharmacology/pk", "bone/incidence"):
        assert all(load_sources().of(row) is not None for row in load_table(name))


@pytest.mark.parametrize(
    ("reference", "ids"),
    [
        ("ES058", ["pharmacology/estrogen:ES058"]),
        ("bone/bmd:12, DE029", ["bone/bmd:12", "pharmacology/drug_effects:DE029"]),
        ("PMID 34385978; doi 10.1007/s00520-017-3613-z", ["hyder2021", "beckwee2017"]),
        ("crew2007 presant2007", ["crew2007", "presant2007"]),
    ],
)
def test_references_resolve_in_order(reference: str, ids: list[str]) -> None:
    assert [found.id for found in resolve(reference)] == ids


@pytest.mark.parametrize("reference", ["", "crew2007; NOBODY_1999", "bone/bmd:99999", "PMID 1234"])
def test_an_orphan_is_an_error(reference: str) -> None:
    with pytest.raises(EvidenceError):
        resolve(reference)
