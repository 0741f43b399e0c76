"""Time the user's own library at 100,000 records: import of an NBIB file, and searches.

    python benchmarks/evidence_store.py [RECORDS]

Prints records per second of import, the size of the library, and the median and slowest time of each query over ten
runs. The claim of the documentation is: no query above 50 ms at 100,000 records.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

from aimss.evidence.store.database import Store
from aimss.evidence.store.importing import import_text

COMMON = (
    *("the", "of", "and", "in", "women", "with", "on", "breast", "cancer", "pain", "joint", "bone"),
    *("treatment", "study", "patients", "trial", "results"),
)
RARE = [f"word{number}" for number in range(30_000)]
QUERIES = {
    "one rare word": "word12345",
    "two words": "aromatase word77",
    "a word in every record": "the",
    "five words in every record": "the women with bone pain",
    "none": "zzzzqq",
}


def nbib(records: int, rng: random.Random) -> str:
    """Return an NBIB file whose abstracts have 180 words with the skew of real text."""
    lines = []
    for number in range(records):
        words = rng.choices(COMMON, k=120) + [RARE[int(len(RARE) * rng.random() ** 3)] for _ in range(60)]
        rng.shuffle(words)
        extra = "aromatase inhibitor" if number % 10 == 0 else "therapy"
        lines.append(
            f"PMID- {number + 1}\nTI  - {extra} {' '.join(words[:9])} {number}\nDP  - {1990 + number % 35}\n"
            f"AB  - {' '.join(words[9:])}\nFAU - Doe, Jane\nFAU - Roe, Ann\nTA  - J Test {number % 300}\n"
            f"LID - 10.1234/x.{number} [doi]\n"
        )
    return "\n".join(lines)


def main(records: int) -> None:
    content = nbib(records, random.Random(1)).encode()
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "library.sqlite") as store:
        start = time.perf_counter()
        report = import_text(store, "big.nbib", content)
        took = time.perf_counter() - start
        size = store.path.stat().st_size / 1e6
        print(f"import: {report.counts[0]} of {records} records in {took:.1f} s ({records / took:.0f} a second)")
        print(f"file {len(content) / 1e6:.0f} MB, library {size:.0f} MB")
        for name, query in QUERIES.items():
            times = []
            for _ in range(10):
                start = time.perf_counter()
                found = store.search(query)
                times.append(1000 * (time.perf_counter() - start))
            print(f"{name:<28}{len(found):>3} shown  median {sorted(times)[5]:6.1f} ms  slowest {max(times):6.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
