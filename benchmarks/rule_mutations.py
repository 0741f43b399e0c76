"""Mutation testing of the rules: how many small faults in conditions, and in the evaluator, do the tests notice?

    python benchmarks/rule_mutations.py conditions      # seconds: every condition of the data against its cases
    python benchmarks/rule_mutations.py evaluator       # minutes: the source of the evaluator against the test files

Faults in a condition: a comparison sign turned or its edge moved, a limit moved by a step, and for or, a negation
added, an operand dropped, a count of at_least changed, a word changed. Faults in the source: the same, and constants,
branches and returned values.
"""

from __future__ import annotations

import ast
import copy
import importlib.abc
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
TESTS = ("test_answers", "test_cases", "test_vignettes", "test_library", "test_rules_command")
# the test file nearest to the module first: most faults are noticed there
LANGUAGE = ("test_expression", *TESTS)
EVALUATOR = {"kleene": LANGUAGE, "expression": LANGUAGE, "answer": TESTS, "evaluate": TESTS}

TURNED: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Lt: [ast.LtE, ast.GtE],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
}


def mutants(source: str, mode: str) -> Iterator[tuple[str, str]]:
    """Yield (what was changed, mutated source) for every place where a fault can be put."""
    tree = ast.parse(source, mode=mode)
    # annotations are never evaluated, so a fault in one is none
    notes = [getattr(node, name, None) for node in ast.walk(tree) for name in ("annotation", "returns")]
    unseen = {id(inner) for note in notes if isinstance(note, ast.AST) for inner in ast.walk(note)}
    for position, node in enumerate(list(ast.walk(tree))):
        if id(node) in unseen:
            continue
        for name, change in _changes(node):
            copied = copy.deepcopy(tree)
            twin = list(ast.walk(copied))[position]
            change(twin)
            text = ast.unparse(ast.fix_missing_locations(copied))
            if text != ast.unparse(tree):
                yield f"line {getattr(node, 'lineno', 0)}: {name}: {ast.unparse(node)[:70]!r}", text


def _changes(node: ast.AST) -> Iterator[tuple[str, Any]]:
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            for other in TURNED.get(type(op), []):
                yield f"{type(op).__name__} to {other.__name__}", lambda n, i=i, o=other: n.ops.__setitem__(i, o())
    elif isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield "and/or", lambda n, o=other: setattr(n, "op", o())
        for i in range(len(node.values)):
            yield f"operand {i} dropped", lambda n, i=i: n.values.pop(i)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not dropped", lambda n: n.__dict__.update(op=ast.Not(), operand=ast.UnaryOp(ast.Not(), n.operand))
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "flipped", lambda n: setattr(n, "value", not n.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        step = 0.1 if isinstance(node.value, float) else 1
        yield "one step up", lambda n: setattr(n, "value", round(n.value + step, 6))
        yield "one step down", lambda n: setattr(n, "value", round(n.value - step, 6))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield "another word", lambda n: setattr(n, "value", n.value + "_x")
    elif isinstance(node, ast.BinOp):
        swap = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.BitOr: ast.BitAnd}
        if type(node.op) in swap:
            yield "arithmetic", lambda n: setattr(n, "op", swap[type(n.op)]())
    elif isinstance(node, ast.If | ast.IfExp):
        yield "condition negated", lambda n: setattr(n, "test", ast.UnaryOp(ast.Not(), n.test))
    elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        yield "returns None", lambda n: setattr(n, "value", ast.Constant(None))


# conditions -------------------------------------------------------------------------------------------------------


def conditions() -> tuple[int, list[str]]:
    """Mutate every condition of guidelines and safety rules; the cases of the rule are what may notice."""
    from tests.care.rules.case_files import base_record, cases_by_rule

    from aimss.care.evaluate import evaluate
    from aimss.care.rule_tests import merged
    from aimss.care.rules import guideline_library, safety_library
    from aimss.patient.reading import read_record

    base, reports = base_record(), {}
    cases = cases_by_rule()

    def report_of(case: dict[str, Any]) -> Any:
        if id(case) not in reports:
            reports[id(case)] = evaluate(read_record(merged(base, case.get("change") or {})))
        return reports[id(case)]

    total, survivors = 0, []
    for guideline in guideline_library().values():
        if guideline.not_available is not None:
            continue
        definitions = {name: list(texts) for name, texts in guideline.definitions.items()}
        for decision in guideline.decisions:
            for rule in decision.rules:
                texts = [(rule.id, rule.condition)]
                for number, reading in enumerate(decision.readings, start=1):
                    if rule.id in reading.conditions:
                        texts.append((f"{rule.id}@{number}", reading.conditions[rule.id]))
                for subject, text in texts:
                    runs = [(report_of(case), case["expect"][subject]) for case in cases.get(subject, [])]
                    for what, mutant in mutants(text, "eval"):
                        total += 1
                        if not _noticed(mutant, rule.applies_when, decision.applies_when, definitions, runs):
                            survivors.append(f"{subject} {what}")
        for name, texts in definitions.items():
            for i, text in enumerate(texts):
                for what, mutant in [*mutants(text, "eval"), ("dropped", None)]:
                    total += 1
                    changed = {**definitions, name: texts[:i] + ([mutant] if mutant else []) + texts[i + 1 :]}
                    if not _definition_noticed(guideline, name, changed, cases, report_of):
                        survivors.append(f"{guideline.id}.{name}[{i}] {what}")
    for safety in safety_library().values():
        runs = [
            (report_of(case), case["expect"][subject])
            for subject in (safety.id, f"{safety.id}:severity")
            for case in cases.get(subject, [])
        ]
        for field, text in (("condition", safety.condition), ("milder", safety.milder and safety.milder.condition)):
            for what, mutant in mutants(text, "eval") if text else ():
                total += 1
                if not _safety_noticed(safety, field, mutant, runs):
                    survivors.append(f"{safety.id} {field} {what}")
    return total, survivors


def _noticed(mutant: str, applies: str | None, within: str, definitions: Any, runs: list[tuple[Any, str]]) -> bool:
    from aimss.care.expression import parse
    from aimss.care.rule_tests import STATES
    from aimss.errors import RuleError

    try:
        parts = [parse(text, definitions=definitions) for text in (within, applies or "true", mutant)]
    except RuleError:
        return True
    for report, expected in runs:
        facts = {**report.facts, "drugs_offered": frozenset()}
        states = [part.evaluate(facts) for part in parts]
        state = False if False in states else None if None in states else True
        if STATES[state] != expected:
            return True
    return False


def _definition_noticed(guideline: Any, name: str, definitions: Any, cases: Any, report_of: Any) -> bool:
    for decision in guideline.decisions:
        for rule in decision.rules:
            for number, reading in enumerate([None, *decision.readings]):
                text = rule.condition if reading is None else reading.conditions.get(rule.id, "")
                subject = rule.id if reading is None else f"{rule.id}@{number}"
                runs = [(report_of(case), case["expect"][subject]) for case in cases.get(subject, [])]
                if name in text and _noticed(text, rule.applies_when, decision.applies_when, definitions, runs):
                    return True
    return False


def _safety_noticed(rule: Any, field: str, mutant: str, runs: list[tuple[Any, str]]) -> bool:
    from aimss.care.compiled import compile_safety
    from aimss.care.evaluate import safety_of
    from aimss.errors import RuleError

    change = {"condition": mutant} if field == "condition" else {
        "milder": rule.milder.model_copy(update={"condition": mutant})
    }  # fmt: skip
    try:
        compiled = compile_safety(rule.model_copy(update=change))
    except RuleError:
        return True
    for report, expected in runs:
        found = safety_of(compiled, report.facts, report.facts["drugs_offered"])
        if expected not in ({found.state, found.severity} if found else {"absent"}):
            return True
    return False


# evaluator --------------------------------------------------------------------------------------------------------


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Import one module of the evaluator from mutated source."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source

    def find_spec(self, fullname: str, _path: Any, _target: Any = None) -> Any:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.source, self.name, "exec"), module.__dict__)


def evaluator() -> tuple[int, list[str]]:
    """Mutate the evaluator's source; a child process imports the mutant and runs the tests until one fails."""
    import hypothesis  # noqa: F401 - imported before the fork
    import numpy  # noqa: F401
    import pydantic  # noqa: F401
    import pytest  # noqa: F401
    import typer.testing  # noqa: F401
    import yaml  # noqa: F401

    import aimss.patient.csv_reader
    import aimss.patient.reading  # noqa: F401

    total, survivors = 0, []
    for module, tests in EVALUATOR.items():
        source = (ROOT / "src" / "aimss" / "care" / f"{module}.py").read_text(encoding="utf-8")
        if _killed(f"aimss.care.{module}", source, tests):
            raise SystemExit(f"the tests fail without a fault in {module}")
        for what, mutant in mutants(_without_docstrings(source), "exec"):
            total += 1
            if not _killed(f"aimss.care.{module}", mutant, tests):
                survivors.append(f"{module}.py {what}")
                print(f"  survived: {survivors[-1]}", flush=True)
    return total, survivors


def _without_docstrings(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            body[0].value.value = ""
    return ast.unparse(tree)


def _killed(name: str, source: str, tests: tuple[str, ...], seconds: int = 300) -> bool:
    """Whether the tests fail with this source; a mutant that hangs for five minutes counts as noticed, and is told."""
    child = os.fork()
    if child == 0:
        import signal

        signal.alarm(seconds)
        with open(os.devnull, "w") as nothing:
            os.dup2(nothing.fileno(), 1)
            os.dup2(nothing.fileno(), 2)
        sys.meta_path.insert(0, _Mutated(name, source))
        os.chdir(ROOT)
        import pytest

        files = [f"tests/care/rules/{test}.py" for test in tests]
        code = 1
        try:
            code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--assert=plain", *files]))
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        print(f"  {name}: a mutant was stopped after {seconds} s", flush=True)
    return status != 0


def report(name: str, total: int, survivors: list[str]) -> float:
    """Print the figure and the survivors; return the share killed."""
    killed = total - len(survivors)
    print(f"{name}: {killed} of {total} mutants killed ({killed / total:.1%})")
    for line in survivors:
        print(f"  survived: {line}")
    return killed / total


if __name__ == "__main__":
    chosen = sys.argv[1:] or ["conditions"]
    shares = [report(name, *{"conditions": conditions, "evaluator": evaluator}[name]()) for name in chosen]
    sys.exit(0 if min(shares) >= 0.9 else 1)
