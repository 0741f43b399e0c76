"""The generated kernel: vectors in its machine code, a cache that is hit, mathematics to the last places."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys

import numpy as np
import pytest
from llvmlite import binding, ir

from aimss.body.declaration import STATES
from aimss.forecast.engine import kernel_cache, rosenbrock
from aimss.forecast.engine.codegen import generate
from aimss.forecast.engine.integrate import integrate
from aimss.forecast.engine.lanes import LANES, vector_function

ONE_WOMAN = """
import json, sys, time
from aimss.body.schedule import Schedule
from aimss.forecast.engine import kernel_cache
from aimss.forecast.engine.integrate import integrate
begin = time.process_time()
constants = {"years_since_final_menstrual_period": 5.0, "peripheral_estradiol_pmol_l": 18.0}
found = integrate(constants, None, [Schedule.build([])], [0], 0.0, [365.25])
run = kernel_cache.load_kernel()[1].run
stats = run.stats
assembly = run.inspect_asm(run.signatures[0]) if len(sys.argv) > 1 else ""
print(json.dumps({"hits": sum(stats.cache_hits.values()), "misses": sum(stats.cache_misses.values()),
                  "states": found.states.tolist(), "seconds": time.process_time() - begin, "assembly": assembly}))
"""


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    """The same integration in two processes that share an empty cache directory; the first shows its assembly."""
    directory = tmp_path_factory.mktemp("cache")
    environment = {**os.environ, "AIMSS_CACHE_DIR": str(directory)}
    answers = []
    for arguments in (["assembly"], []):
        done = subprocess.run(
            [sys.executable, "-c", ONE_WOMAN, *arguments], env=environment, capture_output=True, text=True, check=True
        )
        answers.append(json.loads(done.stdout))
    return directory, *answers


def test_second_process_finds_the_machine_code_of_the_first(two_processes):
    directory, first, second = two_processes
    assert (first["hits"], first["misses"]) == (0, 1)
    assert (second["hits"], second["misses"]) == (1, 0)
    assert second["states"] == first["states"]
    assert second["seconds"] < first["seconds"]
    assert len(list(directory.glob("aimss_kernel_*.py"))) == 1
    assert list(directory.glob("__pycache__/*.nbi"))


def test_kernel_is_made_of_vector_instructions(two_processes):
    """Rates and stages work on whole vectors: not one scalar multiplication among them, whatever the machine."""
    _, first, _ = two_processes
    parts = re.split(r"^(\S*aimss_\w+?):", first["assembly"], flags=re.MULTILINE)
    bodies = {}
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        bodies[name] = re.split(r"^\.Lfunc_end|^\s*\.cfi_endproc", text, flags=re.MULTILINE)[0]
    parts = ["first", "again", *(f"solve_{k}" for k in range(rosenbrock.STAGES))]
    wanted = ["commit", *(f"{kind}_{part}" for kind in ("full", "plain") for part in parts)]
    x86 = platform.machine().lower() in {"x86_64", "amd64"}
    vector = re.compile(r"%[yz]mm\d+" if x86 else r"\bv\d+\.2d")
    scalar = re.compile(r"\bv?(?:mul|add|sub|div)sd\b" if x86 else r"\bf(?:mul|add|sub|div)\s+d\d")
    for name in wanted:
        (body,) = [b for n, b in bodies.items() if n.endswith(f"aimss_{name}")]
        assert len(vector.findall(body)) > 20, f"{name} holds no vector registers"
        assert not scalar.findall(body), f"{name} computes lane by lane"
    assert len(vector.findall(bodies[next(n for n in bodies if n.endswith("aimss_full_again"))])) > 300


def test_cache_directory_follows_the_platform_and_the_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("AIMSS_CACHE_DIR", str(tmp_path / "mine"))
    assert kernel_cache.cache_directory() == tmp_path / "mine"
    monkeypatch.delenv("AIMSS_CACHE_DIR")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert kernel_cache.cache_directory() == tmp_path / "aimss"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert kernel_cache.cache_directory().parts[-3:] == ("Library", "Caches", "aimss")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert kernel_cache.cache_directory() == tmp_path / "aimss" / "Cache"


def test_kernel_file_is_written_once_and_mended_when_it_differs(tmp_path):
    kernel = generate()
    path = kernel_cache.write_kernel(kernel, tmp_path)
    stamp = path.stat().st_mtime_ns
    assert kernel_cache.write_kernel(kernel, tmp_path).stat().st_mtime_ns == stamp
    path.write_text("print('not the kernel')\n")
    assert kernel_cache.write_kernel(kernel, tmp_path).read_text() == kernel.source
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def compiled(code):
    """Return a function of an array of two rows of eight that runs `code` on them."""
    import ctypes

    module = ir.Module()
    function = vector_function(module, "work", code)
    function.linkage = "external"
    parsed = binding.parse_assembly(str(module))
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    engine = binding.create_mcjit_compiler(parsed, binding.Target.from_default_triple().create_target_machine())
    engine.finalize_object()
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(engine.get_function_address("work"))

    def run(x):
        whole = np.zeros(2 * LANES + 8)
        offset = (-whole.ctypes.data % 64) // 8
        w = whole[offset:]
        found = np.empty_like(x)
        for k in range(0, len(x), LANES):
            w[:LANES] = x[k : k + LANES]
            call(w.ctypes.data)
            found[k : k + LANES] = w[LANES : 2 * LANES]
        return found

    run.engine = engine
    return run


def test_exponential_and_logarithm_are_right_to_the_last_places():
    rng = np.random.default_rng(1)
    exp, log = compiled("w[1] = exp(w[0])"), compiled("w[1] = log(w[0])")
    x = np.concatenate([rng.uniform(-700, 700, 8000), rng.normal(0, 1, 8000)])
    assert np.abs(exp(x) / np.exp(x) - 1).max() < 2e-14
    y = np.exp(x)
    assert np.abs(log(y) - np.log(y)).max() < 2e-13
    assert np.abs((log(y) - np.log(y)) / np.maximum(np.abs(np.log(y)), 1)).max() < 2e-15
    special = exp(np.array([-1e9, 1e9, np.nan, 0, 0, 0, 0, 0.0]))
    assert special[0] < 1e-300
    assert special[1] > 1e300
    assert np.isnan(special[2])
    assert special[3] == 1.0
    assert np.isnan(log(np.array([0.0, -1.0, np.nan, 1, 1, 1, 1, 1.0])))[:3].all()


def test_rodas_has_order_four():
    """The tableau on y' = -y^2 + cos t, y(0) = 1, in plain Python: halving the step divides the error by about 16."""

    def solve(steps):
        y, h = 1.0, 2.0 / steps
        for n in range(steps):
            t = n * h
            slope, by_time = (lambda t, y: -y * y + np.cos(t)), -np.sin(t)
            u = []
            for k in range(rosenbrock.STAGES):
                at = y + sum(a * x for a, x in zip(rosenbrock.A[k], u, strict=True))
                right = slope(t + rosenbrock.ALPHA[k] * h, at) + rosenbrock.D[k] * h * by_time
                right += sum(c * x for c, x in zip(rosenbrock.C[k], u, strict=True)) / h
                u.append(right / (1 / (rosenbrock.GAMMA * h) + 2 * y))
            y = at + u[-1]
        return y

    exact = solve(4096)
    errors = [abs(solve(n) - exact) for n in (16, 32, 64)]
    assert errors[0] / errors[1] > 12
    assert errors[1] / errors[2] > 12


def test_error_falls_with_the_tolerance():
    from scenarios import schedule_of

    schedule = schedule_of({"courses": [{"start_month": 0, "stop_month": 60, "ai": "letrozole"}]})
    constants = {"years_since_final_menstrual_period": 8.0, "peripheral_estradiol_pmol_l": 18.0}
    days = np.arange(100.0, 3600.0, 100.0)
    exact, *runs = (
        integrate(constants, None, [schedule], [0], 0.0, days, rtol=rtol) for rtol in (1e-9, 1e-3, 1e-5, 1e-7)
    )
    size = np.array([s.typical for s in STATES]) + np.abs(exact.states)
    errors = [np.abs((run.states - exact.states) / size).max() for run in runs]
    assert errors[0] > errors[1] > 5 * errors[2]
    assert all(error < rtol for error, rtol in zip(errors, (1e-3, 1e-5, 1e-7), strict=True))
