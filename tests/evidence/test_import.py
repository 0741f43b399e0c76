from __future__ import annotations

from pathlib import Path

import pytest

from aimss.errors import EvidenceError, InputFileError
from aimss.evidence.store.database import Store, search_existing
from aimss.evidence.store.exporting import WRITERS, export_library
from aimss.evidence.store.formats import READERS, detect
from aimss.evidence.store.importing import import_files, import_text
from aimss.evidence.store.record import BibRecord, Refused
from tests.evidence.bibliography import FORMATS, Made

THREE = [Made(1), Made(2), Made(3)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "library.sqlite")


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_reads_the_same_record(kind: str) -> None:
    text = FORMATS[kind](THREE)
    assert detect(text, "file") == kind
    read = [item for item in READERS[kind](text) if isinstance(item, BibRecord)]
    assert len(read) == 3
    first = read[0]
    assert first.title == Made(1).title
    assert (first.pmid, first.doi, first.year, first.journal) == (Made(1).pmid, Made(1).doi, 2012, "J Test")
    assert first.authors[0] == "Doe, Jane"
    assert read[1].line > first.line


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_papers_in_another_format_are_merged(store: Store, kind: str) -> None:
    import_text(store, "first.nbib", FORMATS["nbib"](THREE).encode())
    report = import_text(store, "again", FORMATS[kind](THREE).encode())
    assert (len(report.stored), len(report.merged), len(report.refused)) == (0, 3, 0)
    assert len(store) == 3
    counts = store.prisma()
    assert (counts.identified, counts.duplicates_removed, counts.refused, counts.records) == (6, 3, 0, 3)


def test_merging_fills_gaps_and_changes_nothing_that_was_there(store: Store) -> None:
    import_text(store, "a.ris", b"TY  - JOUR\nTI  - Joint pain on letrozole\nPY  - 2012\nJO  - J Test\nER  - \n")
    import_text(
        store,
        "b.ris",
        b"TY  - JOUR\nTI  - JOINT PAIN, on letrozole.\nPY  - 2012\nJO  - Other\nDO  - 10.1/ABC\nER  - \n",
    )
    (kept,) = store
    assert (kept.title, kept.journal, kept.doi) == ("Joint pain on letrozole", "J Test", "10.1/abc")


def test_same_title_with_another_doi_is_another_paper(store: Store) -> None:
    for doi in ("10.1/a", "10.1/b"):
        import_text(store, doi, f"TY  - JOUR\nTI  - Editorial\nPY  - 2012\nDO  - {doi}\nER  - \n".encode())
    assert len(store) == 2


def test_contradictions_are_refused_by_name_not_merged(store: Store) -> None:
    import_text(store, "a.ris", b"TY  - JOUR\nTI  - Bone loss on exemestane\nPY  - 2012\nAN  - 12345678\nER  - \n")
    report = import_text(
        store, "b.ris", b"TY  - JOUR\nTI  - Acupuncture for joints\nPY  - 2015\nAN  - 12345678\nER  - \n"
    )
    assert report.refused[0].reason.endswith("another title")
    assert "Acupuncture" in report.refused[0].name
    assert len(store) == 1


def test_an_entity_bomb_is_refused_and_its_neighbours_are_kept() -> None:
    text = FORMATS["pubmed-xml"](THREE)
    bomb = '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    text = text.replace('<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubmedArticle//EN" "pubmed.dtd">', bomb)
    text = text.replace('<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "pubmed.dtd">', bomb)
    text = text.replace(Made(2).marker, "&b;")
    read = list(READERS["pubmed-xml"](text))
    refused = [item for item in read if isinstance(item, Refused)]
    assert [item.reason.split("(")[0] for item in refused] == ["is text outside an article", "is not well formed "]
    assert refused[1].name == f"PMID {Made(2).pmid}"
    assert sum(isinstance(item, BibRecord) for item in read) == 2


@pytest.mark.parametrize("kind", FORMATS)
def test_a_truncated_file_keeps_what_came_before_and_names_the_rest(store: Store, kind: str) -> None:
    text = FORMATS[kind](THREE)
    cut = text[: text.index(Made(3).marker) - 3]
    report = import_text(store, "cut", cut.encode(), kind)
    assert len(store) >= 2
    assert store.get("pmid", Made(2).pmid) is not None
    assert report.identified == 3


@pytest.mark.parametrize("kind", WRITERS)
def test_export_and_import_again_gives_the_same_records(store: Store, kind: str) -> None:
    odd = BibRecord(
        title="50% of women & a {braced} $x_1$ #1 ~ tilde \\ slash",
        authors=("Mikołajczak, Ç.", "The Group"),
        year=2020,
        journal="J & B",
        volume="3",
        issue="2",
        pages="1-9",
        pmid="12345",
        doi="10.1/a_b(c)",
        abstract="It is 5 % more.",
    )
    store.add(odd)
    store.commit()
    text = WRITERS[kind](store)
    (read,) = READERS[kind](text)
    assert isinstance(read, BibRecord)
    for name in ("title", "authors", "year", "journal", "volume", "issue", "pages", "pmid", "doi"):
        assert getattr(read, name) == getattr(odd, name), name


@pytest.mark.parametrize("kind", WRITERS)
def test_the_shipped_library_exports_whole(kind: str) -> None:
    from aimss.evidence.sources import load_sources

    read = list(READERS[kind](export_library(kind)))
    assert len(read) == len(load_sources())
    assert not [item for item in read if isinstance(item, Refused)]


def test_search_finds_by_any_word_in_title_abstract_and_journal(store: Store) -> None:
    import_text(store, "a.nbib", FORMATS["nbib"]([Made(n) for n in range(1, 40)]).encode())
    assert [record.pmid for record in store.search("zq00007x")] == [Made(7).pmid]
    assert len(store.search("joint letrozole", limit=5)) == 5
    assert store.search("joint zoledronate") == ()
    assert store.search('" OR * NEAR(') == ()
    assert store.search("abstract of 12")[0].pmid == Made(12).pmid


def test_search_of_a_library_that_does_not_exist_makes_none(tmp_path: Path) -> None:
    assert search_existing(tmp_path / "none.sqlite", "joint") == ()
    assert not (tmp_path / "none.sqlite").exists()


def test_a_file_that_is_none_of_these_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.ris").write_text(FORMATS["ris"](THREE))
    (tmp_path / "b.docx").write_bytes(b"PK\x03\x04 nothing")
    report = import_files(
        [tmp_path / "a.ris", tmp_path / "b.docx", tmp_path / "missing.ris"], tmp_path / "library.sqlite"
    )
    assert len(report.files) == 1
    assert [type(error) for error in report.unread] == [EvidenceError, InputFileError]


def test_a_store_that_is_no_library_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_text("not a database")
    with pytest.raises(InputFileError):
        Store(tmp_path / "x.sqlite")


@pytest.mark.parametrize("kind", ["ris", "nbib", "csl-json", "pubmed-xml"])
def test_a_file_cut_off_in_its_last_record_names_it(tmp_path: Path, kind: str) -> None:
    whole = FORMATS[kind]([Made(1), Made(2)])
    ends = {"ris": "ER  -", "nbib": "\n", "csl-json": "]", "pubmed-xml": "</PubmedArticleSet>"}
    with Store(tmp_path / "a.sqlite") as store:
        assert import_text(store, "whole", whole.encode(), kind).cut_off is None
    cut = whole[: whole.rindex(ends[kind])] if kind != "nbib" else whole.rstrip()
    with Store(tmp_path / "b.sqlite") as store:
        report = import_text(store, "cut", cut.encode(), kind)
        assert len(report.stored) == 2
        assert report.cut_off is not None
        assert Made(2).title[:20] in report.cut_off.title


@pytest.mark.parametrize("content", ["[" * 100_000, "[]"])
def test_a_file_without_a_record_is_said_to_hold_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    report = import_files([tmp_path / "x.json"], tmp_path / "a.sqlite")
    assert "at least one record; found none" in str(report.unread[0])


def test_a_title_without_a_year_is_merged_only_when_it_is_long(tmp_path: Path) -> None:
    title = "A long title that says what the paper is about"
    text = "".join(f"TY  - JOUR\nTI  - {t}\nER  - \n" for t in (title, title, "Editorial", "Editorial"))
    with Store(tmp_path / "a.sqlite") as store:
        report = import_text(store, "x.ris", text.encode(), "ris")
    assert (len(report.stored), len(report.merged)) == (3, 1)


def test_authors_are_searched(tmp_path: Path) -> None:
    with Store(tmp_path / "a.sqlite") as store:
        import_text(store, "x.ris", "TY  - JOUR\nTI  - Paper\nAU  - Müller, Zoë\nER  - \n".encode(), "ris")
        assert [r.title for r in store.search("muller zoe")] == ["Paper"]
