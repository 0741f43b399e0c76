"""Damaged files: no crash, nothing stored is lost, and every record of the file is stored, merged or named."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from aimss.evidence.store.database import Store
from aimss.evidence.store.importing import import_text
from tests.evidence.bibliography import FORMATS, Made, mutate

BEFORE = [Made(number) for number in (90_001, 90_002, 90_003)]


def check_one(store: Store, kind: str, seed: int) -> None:
    rng = random.Random(f"{kind} {seed}")
    records = [Made(number) for number in rng.sample(range(1, 90_000), 8)]
    content = mutate(FORMATS[kind](records), rng)
    before = len(store)
    report = import_text(store, f"{seed}.{kind}", content, kind)

    assert report.identified == len(report.stored) + len(report.merged) + len(report.refused)
    assert len(store) == before + len(report.stored)
    for known in BEFORE:
        kept = store.get("pmid", known.pmid)
        assert kept is not None
        assert kept.title == known.title
    text = content.decode("utf-8", errors="surrogateescape")
    numbers = [*report.stored, *(number for _, number in report.merged)]
    kept_text = "".join(original for number in numbers for original in store.originals(number))
    named = "".join(item.raw for item in report.refused)
    for record in records:
        if record.marker in text:
            assert record.marker in kept_text or record.marker in named, (kind, seed, record.marker)
    assert all(item.name or not item.raw.strip() for item in report.refused)


def run(tmp_path: Path, seeds: range) -> None:
    with Store(tmp_path / "library.sqlite") as store:
        import_text(store, "before", FORMATS["ris"](BEFORE).encode(), "ris")
        # Durability is not under test here; thousands of commits are.
        store._connection.execute("PRAGMA synchronous = OFF")
        for seed in seeds:
            for kind in FORMATS:
                check_one(store, kind, seed)
        assert store._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_500_mutated_files(tmp_path: Path) -> None:
    run(tmp_path, range(100))


@pytest.mark.slow
def test_10_000_mutated_files(tmp_path: Path) -> None:
    run(tmp_path, range(100, 2_100))


def test_a_failure_in_the_middle_of_a_file_undoes_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from aimss.evidence.store import database

    with Store(tmp_path / "library.sqlite") as store:
        import_text(store, "before", FORMATS["ris"](BEFORE).encode(), "ris")
        added = database.Store.add

        def fails_on_third(self: Store, record: object) -> int:
            if Made(3).marker in str(record):
                raise sqlite3.OperationalError("disk full")
            return added(self, record)  # type: ignore[arg-type]

        monkeypatch.setattr(database.Store, "add", fails_on_third)
        with pytest.raises(sqlite3.OperationalError):
            import_text(store, "five", FORMATS["nbib"]([Made(n) for n in range(1, 6)]).encode(), "nbib")
        assert len(store) == len(BEFORE)
        assert store.prisma().identified == len(BEFORE)
