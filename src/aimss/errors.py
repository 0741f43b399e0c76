"""Errors that a user can mend: which field, what was expected, what was found, how to mend it.

Each kind has its own exit code, so that a script can tell a broken record from a broken strategy.
"""

from __future__ import annotations


class AimssError(Exception):
    """A user's mistake or a situation that aimss refuses; shown without a traceback.

    Parameters
    ----------
    field : where, as a path into the input (``dxa[2].t_score``) or a file position.
    expected : what would have been accepted.
    found : what was there; callers leave out anything that could identify a person.
    mend : the next thing to do.
    """

    kind = "error"
    exit_code = 1

    def __init__(self, field: str, expected: str, found: str, mend: str = "") -> None:
        self.field, self.expected, self.found, self.mend = field, expected, found, mend
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.field}: expected {self.expected}; found {self.found}."
        return f"{text} {self.mend}" if self.mend else text


class InputFileError(AimssError):
    """The file cannot be read as what it should be (missing, too large, not YAML, not UTF-8)."""

    kind = "file"
    exit_code = 3


class RecordError(AimssError):
    """A woman's record breaks its schema or contradicts itself."""

    kind = "record"
    exit_code = 4


class StrategyError(AimssError):
    """A strategy is unknown or cannot be carried out as written."""

    kind = "strategy"
    exit_code = 5


class OutOfScopeError(AimssError):
    """The input is sound, but outside what aimss may answer (for example a premenopausal AI without suppression)."""

    kind = "scope"
    exit_code = 6


class EngineError(AimssError):
    """The integration failed for too many virtual women to be reported honestly."""

    kind = "engine"
    exit_code = 7


class EvidenceError(AimssError):
    """An evidence table, import file or synthesis request is unsound."""

    kind = "evidence"
    exit_code = 8


class ParameterError(AimssError):
    """A parameter file does not fit the declaration of the model."""

    kind = "parameters"
    exit_code = 9


class RuleError(AimssError):
    """A rule file or a condition in it is outside the language of rules, or a rule test failed."""

    kind = "rules"
    exit_code = 10


class TargetError(AimssError):
    """A file of published results (targets) is unsound."""

    kind = "targets"
    exit_code = 12


class DesignError(AimssError):
    """The design of an in-silico trial cannot be carried out as written."""

    kind = "design"
    exit_code = 11


class RunError(AimssError):
    """A long run cannot go on: the disk is full, its folder is another run's, workers keep dying."""

    kind = "run"
    exit_code = 13


class SeveralErrors(AimssError):  # noqa: N818 - several of them
    """More than one mistake in one input; all are shown, the first sets the exit code."""

    def __init__(self, errors: list[AimssError]) -> None:
        self.errors = errors
        first = errors[0]
        self.kind = first.kind
        self.exit_code = first.exit_code
        super().__init__(first.field, first.expected, first.found, first.mend)

    def __str__(self) -> str:
        return "\n".join(str(e) for e in getattr(self, "errors", [])) or super().__str__()
