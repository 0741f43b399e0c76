"""PubMed XML: each article is cut out and parsed on its own, so no document type, entity or DTD is ever processed."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from aimss.evidence.identifiers import normalise_doi
from aimss.evidence.store.record import BibRecord, Read, Refused, checked, one_line, refuse, year_of

_START = re.compile(r"<Pubmed(?:Book)?Article(?=[\s>])")
_END = re.compile(r"</Pubmed(?:Book)?Article\s*>")
_WRAPPER = re.compile(
    r"\s*|<\?xml[^>]*\?>|<!DOCTYPE[^>\[]*>|</?PubmedArticleSet\s*>|<!--(?:(?!-->).)*-->|<DeleteCitation>.*?</DeleteCitation>",
    re.DOTALL,
)
_PMID = re.compile(r"<PMID[^>]*>(\d+)</PMID>")


def read_pubmed_xml(text: str) -> Read:
    """Yield the articles of a PubMed XML file; one that is not well formed is refused by its PMID."""
    position = 0
    starts = [found.start() for found in _START.finditer(text)]
    line, counted = 1, 0
    for index, start in enumerate(starts):
        limit = starts[index + 1] if index + 1 < len(starts) else len(text)
        end = _END.search(text, start, limit)
        stop = end.end() if end else limit
        line += text.count("\n", counted, position)
        counted = position
        yield from _outside(text[position:start], line)
        line += text.count("\n", counted, start)
        counted = start
        yield _article(text[start:stop], line)
        position = stop
    line += text.count("\n", counted, position)
    yield from _outside(text[position:], line)


def _outside(between: str, line: int) -> Read:
    """Yield a refusal for text that is neither an article nor the wrapping of the file."""
    rest = _WRAPPER.sub("", between)
    if rest.strip():
        found = _PMID.search(rest)
        yield refuse(line, between, "is text outside an article", f"PMID {found[1]}" if found else "")


def _article(raw: str, line: int) -> BibRecord | Refused:
    named = _PMID.search(raw)
    name = f"PMID {named[1]}" if named else ""
    try:
        root = ElementTree.fromstring(raw)
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        return refuse(line, raw, f"is not well formed ({error})", name)
    if any(len(list(root.iter(name))) > 1 for name in ("MedlineCitation", "Article", "ArticleTitle", "Journal")):
        return refuse(line, raw, "holds two records run together", name)
    article = root.find("./MedlineCitation/Article")
    if article is None:
        article = root.find("./BookDocument")
    if article is None:
        return refuse(line, raw, "has no Article", name)
    ids = {item.get("IdType", ""): _text(item) for item in root.findall("./PubmedData/ArticleIdList/ArticleId")}
    ids |= {item.get("EIdType", ""): _text(item) for item in article.findall("./ELocationID")}
    authors = tuple(filter(None, (_author(item) for item in article.findall("./AuthorList/Author"))))
    date = article.find("./Journal/JournalIssue/PubDate")
    parts = [_labelled(item) for item in article.findall("./Abstract/AbstractText")]
    journal = _text(article.find("./Journal/ISOAbbreviation")) or _text(article.find("./Journal/Title"))
    return checked(
        BibRecord(
            title=_text(article.find("./ArticleTitle")),
            authors=authors,
            year=year_of(_text(date)) if date is not None else None,
            journal=journal,
            volume=_text(article.find("./Journal/JournalIssue/Volume")),
            issue=_text(article.find("./Journal/JournalIssue/Issue")),
            pages=_text(article.find("./Pagination/MedlinePgn")),
            pmid=_text(root.find("./MedlineCitation/PMID")) or _text(root.find("./BookDocument/PMID")),
            pmcid=ids.get("pmc", ""),
            doi=normalise_doi(ids.get("doi", "")),
            abstract=one_line(" ".join(parts)),
            line=line,
        ),
        raw,
    )


def _text(element: ElementTree.Element | None) -> str:
    return one_line(" ".join(part for part in element.itertext() if part.strip())) if element is not None else ""


def _labelled(element: ElementTree.Element) -> str:
    label = element.get("Label")
    return f"{label}: {_text(element)}" if label else _text(element)


def _author(element: ElementTree.Element) -> str:
    family, given = _text(element.find("LastName")), _text(element.find("ForeName")) or _text(element.find("Initials"))
    return f"{family}, {given}" if family and given else family or _text(element.find("CollectiveName"))
