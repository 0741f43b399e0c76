"""Compile straight-line code to machine vectors: one statement acts on the eight lanes of a row of the work buffer.

The code is a small part of Python: assignments of + - * /, comparisons, `a if condition else b`, `exp`, `log`, and
rows of the buffer as `w[3]`. It becomes LLVM instructions on vectors of eight doubles (one 512-bit register, or two
or four smaller ones), without the loop that a compiler might fail to vectorise and without type inference, which is
what takes the time in numba. In a lane's own code (`lane=True`) a row is the element of one lane, and `c[i]`, `u[i]`
are elements of two further arrays.
"""

from __future__ import annotations

import ast
from functools import reduce
from typing import Any

from llvmlite import ir

LANES = 8
_DOUBLE, _LONG = ir.DoubleType(), ir.IntType(64)
_ALIGNMENT = 64
# Fused multiply-add may be used and the sign of zero does not matter; sums keep their order, on which exp relies.
_FLAGS = ("contract", "nsz")

# exp: x = n ln 2 + r, Taylor of degree 11 in r, n into the exponent; about one unit in the last place
_EXP = """
low = -708.0 if x < -708.0 else x
cut = 709.0 if low > 709.0 else low
shifted = cut * 1.4426950408889634 + 6755399441055744.0
n = shifted - 6755399441055744.0
s = cut - n * 0.6931471803691238
r = s - n * 1.9082149292705877e-10
r2 = r * r
r4 = r2 * r2
a = (1.0 + r) + r2 * (0.5 + r * 0.16666666666666666)
b = (0.041666666666666664 + r * 0.008333333333333333) + r2 * (0.001388888888888889 + r * 0.0001984126984126984)
c = (2.48015873015873e-05 + r * 2.7557319223985893e-06) + r2 * (2.755731922398589e-07 + r * 2.505210838544172e-08)
found = (a + r4 * (b + r4 * c)) * double((bits(shifted) + 1023) << 52)
"""
# log: x = 2^k z with z near 1, series in s = (z - 1)/(z + 1); NaN for x <= 0
_LOG = """
whole = bits(x)
k = (whole - 4604544271217802189) >> 52
z = double(whole - (k << 52))
s = (z - 1.0) / (z + 1.0)
q = s * s
q2 = q * q
q4 = q2 * q2
a = (0.6666666666666666 + q * 0.4) + q2 * (0.2857142857142857 + q * 0.2222222222222222)
b = (0.18181818181818182 + q * 0.15384615384615385) + q2 * (0.13333333333333333 + q * 0.11764705882352941)
n = double(k + 4843621399236968448) - 6755399441055744.0
series = n * 0.6931471805599453 + (s * 2.0 + s * q * (a + q4 * b))
found = series if x > 0.0 else nan
"""
_INLINE = {"exp": ast.parse(_EXP).body, "log": ast.parse(_LOG).body}
_COMPARE = {ast.Lt: "<", ast.Gt: ">", ast.GtE: ">=", ast.LtE: "<="}


class LaneCompiler:
    """Builds the instructions of one piece of code where `builder` stands."""

    def __init__(self, builder: ir.IRBuilder, buffer: ir.Value, lane: ir.Value | None = None, **arrays: ir.Value):
        self.builder, self.buffer, self.lane, self.arrays = builder, buffer, lane, arrays
        self.type = _DOUBLE if lane is not None else ir.VectorType(_DOUBLE, LANES)
        self.integer = _LONG if lane is not None else ir.VectorType(_LONG, LANES)

    def compile(self, code: str) -> None:
        """Append the instructions of `code`."""
        self._run(ast.parse(code).body, {})

    def _run(self, statements: list[ast.stmt], names: dict[str, ir.Value]) -> None:
        for statement in statements:
            if not isinstance(statement, ast.Assign):
                raise TypeError(f"line {statement.lineno} is not an assignment")
            value = self._value(statement.value, names)
            target = statement.targets[0]
            if isinstance(target, ast.Name):
                names[target.id] = value
            else:
                assert isinstance(target, ast.Subscript)
                self.builder.store(value, self._row(target), align=self._align)

    @property
    def _align(self) -> int:
        return 8 if self.lane is not None else _ALIGNMENT

    def _row(self, node: ast.Subscript) -> ir.Value:
        assert isinstance(node.value, ast.Name)
        assert isinstance(node.slice, ast.Constant)
        assert isinstance(node.slice.value, int)
        if node.value.id != "w":
            return self.builder.gep(self.arrays[node.value.id], [_LONG(node.slice.value)])
        offset = _LONG(node.slice.value * LANES)
        if self.lane is not None:
            return self.builder.gep(self.buffer, [self.builder.add(offset, self.lane)])
        return self.builder.bitcast(self.builder.gep(self.buffer, [offset]), self.type.as_pointer())

    def _constant(self, value: float | int) -> ir.Value:
        if isinstance(value, int):
            return ir.Constant(self.integer, value if self.lane is not None else [_LONG(value)] * LANES)
        return ir.Constant(self.type, value if self.lane is not None else [_DOUBLE(value)] * LANES)

    def _value(self, node: ast.expr, names: dict[str, ir.Value]) -> ir.Value:  # noqa: PLR0911 - one a kind
        b = self.builder
        match node:
            case ast.Name(id="nan"):
                return self._constant(float("nan"))
            case ast.Name():
                return names[node.id]
            case ast.Constant():
                assert isinstance(node.value, float | int)
                return self._constant(node.value)
            case ast.Subscript():
                return b.load(self._row(node), align=self._align)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=float() as number)):
                return self._constant(-number)
            case ast.UnaryOp(op=ast.USub()):
                return b.fsub(self._constant(-0.0), self._value(node.operand, names), flags=_FLAGS)
            case ast.BinOp():
                return self._operation(node.op, self._value(node.left, names), self._value(node.right, names))
            case ast.Compare():
                sign = _COMPARE[type(node.ops[0])]
                return b.fcmp_ordered(sign, self._value(node.left, names), self._value(node.comparators[0], names))
            case ast.BoolOp():
                join = b.and_ if isinstance(node.op, ast.And) else b.or_
                return reduce(join, [self._value(v, names) for v in node.values])
            case ast.IfExp():
                body, other = self._value(node.body, names), self._value(node.orelse, names)
                return b.select(self._value(node.test, names), body, other)
            case ast.Call():
                assert isinstance(node.func, ast.Name)
                return self._call(node.func.id, self._value(node.args[0], names))
        raise TypeError(f"no instruction for {ast.dump(node)}")

    def _operation(self, op: ast.operator, left: ir.Value, right: ir.Value) -> ir.Value:
        b: Any = self.builder
        integer = left.type == self.integer
        name = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.LShift: "shl", ast.RShift: "ashr"}[
            type(op)
        ]
        return getattr(b, name)(left, right) if integer else getattr(b, f"f{name}")(left, right, flags=_FLAGS)

    def _call(self, name: str, argument: ir.Value) -> ir.Value:
        if name == "bits":
            return self.builder.bitcast(argument, self.integer)
        if name == "double":
            return self.builder.bitcast(argument, self.type)
        if name == "abs":
            mask = self._constant(0x7FFFFFFFFFFFFFFF)
            return self.builder.bitcast(
                self.builder.and_(self.builder.bitcast(argument, self.integer), mask), self.type
            )
        inner = {"x": argument}
        self._run(_INLINE[name], inner)
        return inner["found"]


def vector_function(module: ir.Module, name: str, code: str) -> ir.Function:
    """Add a function of the buffer to the module that runs `code` on all lanes; it stays a function when optimised."""
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [_DOUBLE.as_pointer()]), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    builder = ir.IRBuilder(function.append_basic_block())
    LaneCompiler(builder, function.args[0]).compile(code)
    builder.ret_void()
    return function
