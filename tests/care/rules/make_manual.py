"""Write docs/rules.md: the rules with the cases that specify them. Run after a change of rules or cases."""

from __future__ import annotations

from pathlib import Path

from aimss.care.manual import manual_page
from tests.care.rules.case_files import cases_by_rule

PAGE = Path(__file__).parents[3] / "docs" / "rules.md"

if __name__ == "__main__":
    PAGE.write_text(manual_page(cases_by_rule()), encoding="utf-8")
