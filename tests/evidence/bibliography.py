"""Made-up bibliographic files in the five formats, each record marked by a word of its own in its title."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Made:
    number: int

    @property
    def marker(self) -> str:
        return f"zq{self.number:05d}x"

    @property
    def title(self) -> str:
        return f"Joint pain study {self.marker} of women on letrozole & others"

    @property
    def pmid(self) -> str:
        return str(10_000_000 + self.number)

    @property
    def doi(self) -> str:
        return f"10.1234/aimss.{self.number}"


def nbib(records: list[Made]) -> str:
    return "\n".join(
        f"PMID- {r.pmid}\nSTAT- MEDLINE\nDP  - 2012 Mar\nTI  - {r.title}\nLID - {r.doi} [doi]\n"
        f"AB  - Abstract of {r.number} that runs\n      over two lines.\nFAU - Doe, Jane\nFAU - Roe, Ann\n"
        f"TA  - J Test\nVI  - 4\nPG  - 12-18\nMH  - Arthralgia\n"
        for r in records
    )


def ris(records: list[Made]) -> str:
    return "".join(
        f"TY  - JOUR\nTI  - {r.title}\nAU  - Doe, Jane\nAU  - Roe, Ann\nPY  - 2012\nJO  - J Test\nVL  - 4\nSP  - 12\n"
        f"EP  - 18\nDO  - {r.doi}\nAN  - {r.pmid}\nAB  - Abstract of {r.number}.\nKW  - arthralgia\nER  - \n\n"
        for r in records
    )


def pubmed_xml(records: list[Made]) -> str:
    articles = "\n".join(
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{r.pmid}</PMID><Article><Journal><JournalIssue>'
        f"<Volume>4</Volume><PubDate><Year>2012</Year></PubDate></JournalIssue><Title>J Test</Title></Journal>"
        f"<ArticleTitle>{r.title.replace('&', '&amp;')}</ArticleTitle><Abstract>"
        f'<AbstractText Label="AIM">Abstract of {r.number}.</AbstractText></Abstract><AuthorList><Author>'
        f"<LastName>Doe</LastName><ForeName>Jane</ForeName></Author></AuthorList></Article></MedlineCitation>"
        f'<PubmedData><ArticleIdList><ArticleId IdType="doi">{r.doi}</ArticleId></ArticleIdList></PubmedData>'
        f"</PubmedArticle>"
        for r in records
    )
    return (
        '<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "pubmed.dtd">\n'
        f"<PubmedArticleSet>\n{articles}\n</PubmedArticleSet>\n"
    )


def csl_json(records: list[Made]) -> str:
    items = [
        {
            "id": r.number,
            "type": "article-journal",
            "title": r.title,
            "author": [{"family": "Doe", "given": "Jane"}],
            "issued": {"date-parts": [[2012, 3]]},
            "container-title": "J Test",
            "DOI": r.doi,
            "PMID": r.pmid,
            "abstract": f"Abstract of {r.number}.",
        }
        for r in records
    ]
    return json.dumps(items, indent=1)


def bibtex(records: list[Made]) -> str:
    return "\n".join(
        f"@article{{doe{r.number},\n  title = {{{r.title.replace('&', chr(92) + '&')}}},\n"
        f"  author = {{Doe, Jane and Roe, Ann}},\n  year = 2012,\n  journal = {{J Test}},\n  pages = {{12--18}},\n"
        f"  doi = {{{r.doi}}},\n  pmid = {{{r.pmid}}},\n  keywords = {{arthralgia}}\n}}\n"
        for r in records
    )


FORMATS = {"nbib": nbib, "ris": ris, "pubmed-xml": pubmed_xml, "csl-json": csl_json, "bibtex": bibtex}

_NOISE = [
    "\n",
    "\x00",
    "{",
    "}",
    "[",
    "]",
    '"',
    "<",
    ">",
    "&",
    "@",
    "%",
    "\\",
    "-",
    " ",
    "é",
    ",",
    "=",
    "TI  - ",
    "PMID- 1\n",
    "<!DOCTYPE x [<!ENTITY a 'b'>]>",
    "&a;",
]


def mutate(text: str, rng: random.Random) -> bytes:
    """Return the text damaged in one to six ways: cuts, copies, noise, swapped lines, raw bytes, truncation."""
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(text) + 1)
        span = at + rng.choice((1, 1, 2, 8, 40, 200, 600))
        match rng.randrange(6):
            case 0:
                text = text[:at] + text[span:]
            case 1:
                text = text[:span] + text[at:span] + text[span:]
            case 2:
                text = text[:at] + rng.choice(_NOISE) + text[at:]
            case 3:
                text = text[:at] + rng.choice(_NOISE) + text[at + 1 :]
            case 4:
                lines = text.split("\n")
                i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
                lines[i], lines[j] = lines[j], lines[i]
                text = "\n".join(lines)
            case 5:
                text = text if rng.random() < 0.7 else text[:at]
    content = bytearray(text.encode())
    if content and rng.random() < 0.2:
        content[rng.randrange(len(content))] = rng.randrange(256)
    return bytes(content)
