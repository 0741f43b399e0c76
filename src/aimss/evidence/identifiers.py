"""Publication identifiers as people write them: PubMed (PMID), PubMed Central (PMCID), DOI."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PMID = re.compile(r"\bPMID:?\s*(\d{4,8})\b", re.IGNORECASE)
_PMCID = re.compile(r"\b(PMC\d+)\b", re.IGNORECASE)
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>;,]*[^\s\"<>;,.])")
_DOI_PREFIX = re.compile(r"^\s*(?:https?://(?:dx\.)?doi\.org/|doi:?\s*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Identifiers:
    """The identifiers of one publication; '' where unknown. A DOI is in lower case (DOIs ignore case)."""

    pmid: str = ""
    pmcid: str = ""
    doi: str = ""

    def __bool__(self) -> bool:
        return bool(self.pmid or self.pmcid or self.doi)


def normalise_doi(text: str) -> str:
    """Return a DOI in lower case without its web prefix; '' when the text is not a DOI."""
    doi = _DOI_PREFIX.sub("", text).strip().rstrip(".").lower()
    return doi if doi.startswith("10.") and "/" in doi and not any(c.isspace() for c in doi) else ""


def balance(doi: str) -> str:
    """Drop closing brackets that belong to the sentence around a DOI (``(doi 10.1/x)``)."""
    while doi.endswith(")") and doi.count(")") > doi.count("("):
        doi = doi[:-1]
    return doi


def find_identifiers(text: str) -> Identifiers:
    """Return the first PMID, PMCID and DOI named in free text such as ``PMID 21494765; doi 10.1007/x``."""
    pmid, pmcid, doi = _PMID.search(text), _PMCID.search(text), _DOI.search(text)
    return Identifiers(
        pmid[1] if pmid else "",
        pmcid[1].upper() if pmcid else "",
        normalise_doi(balance(doi[1])) if doi else "",
    )
