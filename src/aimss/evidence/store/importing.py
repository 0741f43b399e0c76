"""Import: each record of a file is stored, merged or refused by name; a file is one transaction."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aimss.errors import AimssError, InputFileError
from aimss.evidence.store.database import Store, open_store
from aimss.evidence.store.formats import detect, reader
from aimss.evidence.store.record import BibRecord, Refused, refuse

MOST_BYTES = 2_000_000_000


@dataclass(slots=True)
class FileReport:
    """What happened to each record of one file: numbers stored, (record, number it was merged into), refused.

    ``cut_off`` is the last record, kept, of a file that does not end as its format ends.
    """

    file: str
    format: str
    stored: list[int] = field(default_factory=list)
    merged: list[tuple[BibRecord, int]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    cut_off: BibRecord | None = None

    @property
    def identified(self) -> int:
        """Return how many records the file held."""
        return sum(self.counts)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Return how many records were stored, merged and refused."""
        return len(self.stored), len(self.merged), len(self.refused)


@dataclass(slots=True)
class ImportReport:
    """What happened to each file; `unread` are files that could not be opened or recognised at all."""

    files: list[FileReport]
    unread: list[AimssError]

    @property
    def refused(self) -> bool:
        """Return whether anything was refused."""
        return bool(self.unread) or any(file.refused for file in self.files)

    def as_dict(self) -> dict[str, object]:
        """Return the report as plain data; the refused text itself is left out."""
        return {
            "files": [
                {
                    "file": file.file,
                    "format": file.format,
                    "identified": file.identified,
                    "stored": len(file.stored),
                    "merged": [{"line": r.line, "into": n, "reference": r.short} for r, n in file.merged],
                    "refused": [{"line": r.line, "name": r.name, "reason": r.reason} for r in file.refused],
                    "cut_off": {"line": file.cut_off.line, "reference": file.cut_off.short} if file.cut_off else None,
                }
                for file in self.files
            ],
            "unread": [str(error) for error in self.unread],
        }

    def text(self) -> str:
        """Return the report as plain text."""
        lines = []
        for file in self.files:
            lines.append(
                f"{file.file} ({file.format}): {file.identified} records, {len(file.stored)} stored,"
                f" {len(file.merged)} merged with one already there, {len(file.refused)} refused"
            )
            lines += [f"  line {item.line}, {item.name}: {item.reason}" for item in file.refused]
            if file.cut_off:
                lines.append(
                    f"  line {file.cut_off.line}, {file.cut_off.short[:80]}: kept, but the file looks cut off there;"
                    " compare it with your export"
                )
        lines += [f"not read: {error}" for error in self.unread]
        return "\n".join(lines)


def import_files(files: Iterable[Path], store: Path | None = None, kind: str = "") -> ImportReport:
    """Import files into the user's library; a file that fails changes nothing of what is stored."""
    report = ImportReport([], [])
    with open_store(store) as library:
        for file in files:
            try:
                content = _read(file)
                found = import_text(library, file.name, content, kind)
                report.files.append(found)
                if not found.identified:
                    raise InputFileError(str(file), "at least one record", "none")
            except AimssError as error:
                report.unread.append(error)
    return report


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise InputFileError(str(file), "at most 2 GB", f"{file.stat().st_size} bytes", "Export it in parts.")
        return file.read_bytes()
    except OSError as error:
        raise InputFileError(str(file), "a file that can be read", error.strerror or str(error)) from None


def import_text(library: Store, file: str, content: bytes, kind: str = "") -> FileReport:
    """Import the content of one file in one transaction; an unforeseen failure undoes the whole file.

    Bytes that are not UTF-8 refuse the record that holds them, not the file.
    """
    text = content.decode("utf-8", errors="surrogateescape").removeprefix("\ufeff")
    kind = kind or detect(text, file)
    report = FileReport(file, kind)
    item: BibRecord | Refused | None = None
    try:
        for item in reader(kind)(text):
            if isinstance(item, Refused):
                report.refused.append(item)
            else:
                _take(library, item, report)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        library.note_import(
            (file, hashlib.sha256(content).hexdigest(), kind, now, report.identified, *report.counts),
            [(item.line, _clean(item.name), _clean(item.reason), item.raw) for item in report.refused],
        )
    except BaseException:
        library.rollback()
        raise
    library.commit()
    if isinstance(item, BibRecord) and not _ends_well(kind, text):
        report.cut_off = item
    return report


def _ends_well(kind: str, text: str) -> bool:
    """Return whether a file ends as a whole file of its format does (BibTeX refuses an unclosed entry itself)."""
    end = text.rstrip()
    if kind == "ris":
        return end.rpartition("\n")[2].startswith("ER")
    if kind == "csl-json":
        return end.endswith("]") or not text.lstrip().startswith("[")
    if kind == "pubmed-xml":
        return end.endswith("Set>") or "Set>" not in text
    return kind != "nbib" or text.endswith("\n")


def _clean(text: str) -> str:
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _take(library: Store, record: BibRecord, report: FileReport) -> None:
    """Store a record, merge it, or refuse it where its identifiers contradict what is stored."""
    by_pmid, by_doi = library.get("pmid", record.pmid), library.get("doi", record.doi)
    known = by_pmid or by_doi or library.same_title(record)
    if known is None:
        number = library.add(record)
        library.keep_original(number, record.raw)
        report.stored.append(number)
        return
    clash = next((i for i in ("pmid", "doi") if _differ(getattr(known, i), getattr(record, i))), "")
    two = bool(by_pmid and by_doi and by_pmid.number != by_doi.number)
    if clash or two or not _alike(known.title, record.title):
        what = (
            f"its {clash.upper()} differs"
            if clash
            else "its PMID and DOI belong to two records"
            if two
            else "another title"
        )
        reason = f"contradicts stored record {known.number} ({known.short[:80]}): {what}"
        report.refused.append(refuse(record.line, record.raw, reason, record.short[:80]))
        return
    filled = known.filled_from(record)
    if filled is not known:
        library.update(known.number, filled)
    library.keep_original(known.number, record.raw)
    report.merged.append((record, known.number))


def _alike(first: str, second: str) -> bool:
    """Return whether two titles share at least half of the words of the shorter one."""
    a, b = (set(re.findall(r"\w+", title.casefold())) for title in (first, second))
    return 2 * len(a & b) >= min(len(a), len(b))


def _differ(first: str, second: str) -> bool:
    return bool(first and second and first != second)
