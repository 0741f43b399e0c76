"""Guidelines of the user's own, beside those that ship with aimss."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aimss.care.compiled import CompiledGuideline, compile_guideline, compiled_library
from aimss.care.rules import read_guideline
from aimss.errors import RuleError


def library_with(files: Sequence[Path]) -> tuple[CompiledGuideline, ...]:
    """The shipped guidelines and those of the files; raises RuleError where an id is taken or a rule is unsound."""
    library = list(compiled_library())
    for path in files:
        guideline = read_guideline(path)
        guidelines = {item.guideline.id for item in library}
        rules = {rule.id for item in library for part in item.decisions for rule in part.decision.rules}
        taken = sorted(
            ({guideline.id} & guidelines) | ({r.id for part in guideline.decisions for r in part.rules} & rules)
        )
        if taken:
            raise RuleError(path.name, "ids that are not taken", ", ".join(taken), "Give your rules ids of their own.")
        if not guideline.decisions and guideline.not_available is None:
            raise RuleError(path.name, "decisions, or not_available with a reason", "neither")
        library.append(compile_guideline(guideline))
    return tuple(library)
