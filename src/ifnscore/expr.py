"""Selecting samples by an expression such as ``group == 'healthy' and day <= 0``.

The text is parsed with :mod:`ast` against an allow-list and evaluated here, on columns only. It is never handed to
``eval``, ``DataFrame.query`` or anything else that could run code.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.errors import DataError, UsageError, nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BACKTICKED = re.compile(r"`([^`]+)`")
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_HELP = "allowed are column names (`with blanks` in backticks), text and numbers, == != < <= > >=, in, not in, and, or, not, ( )"


class Selection:
    """A parsed expression over columns of a table.

    Parameters
    ----------
    text
        The expression.

    Raises
    ------
    UsageError
        The text is no expression, or holds anything but the allowed parts.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._names: dict[str, str] = {}
        self._tree = self._parse(text)

    @property
    def columns(self) -> list[str]:
        """Names of the columns that are read."""
        names = [n.id for n in ast.walk(self._tree) if isinstance(n, ast.Name)]
        return list(dict.fromkeys(self._names.get(n, n) for n in names))

    def _parse(self, text: str) -> ast.expr:
        def placeholder(found: re.Match[str]) -> str:
            name = f"_column_{len(self._names)}_"
            self._names[name] = found.group(1)
            return name

        try:
            tree = ast.parse(_BACKTICKED.sub(placeholder, text.strip()), mode="eval").body
            _check(tree)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            if isinstance(error, UsageError):
                raise
            msg = f"{text!r} is not an expression; {_HELP}"
            raise UsageError(msg) from error
        return tree

    def __call__(self, table: pd.DataFrame) -> NDArray[np.bool_]:
        """Return a boolean mask of shape (n_rows,); missing values are never selected.

        Raises
        ------
        DataError
            A column is missing, text is ordered against a number, or the result is not true or false.
        """
        known = [str(c) for c in table.columns]
        for column in self.columns:
            if column not in known:
                quote = f" Write text in quotes: '{column}'." if len(self.columns) > 1 else ""
                msg = (
                    f"{self.text!r}: there is no column {column!r}.{nearest(column, known)}{quote} "
                    f"Columns: {', '.join(known) or 'none'}"
                )
                raise DataError(msg)
        values = self._mask(self._tree, table)
        return np.asarray(values, dtype=bool)

    def _mask(self, node: ast.expr, table: pd.DataFrame) -> Any:
        if isinstance(node, ast.BoolOp):
            masks = [self._mask(v, table) for v in node.values]
            return np.logical_and.reduce(masks) if isinstance(node.op, ast.And) else np.logical_or.reduce(masks)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ~self._mask(node.operand, table)
        if isinstance(node, ast.Compare):
            return self._compare(node, table)
        if isinstance(node, ast.Name):
            return self._truth(node, table)
        msg = f"{self.text!r} selects nothing by itself: compare a column with a value"
        raise UsageError(msg)

    def _truth(self, node: ast.Name, table: pd.DataFrame) -> Any:
        column = table[self._names.get(node.id, node.id)]
        text = column.astype(str).str.strip().str.lower()
        yes, no = text.isin(["true", "1", "1.0", "yes"]), text.isin(["false", "0", "0.0", "no", "nan", "<na>", "none", ""])
        if not bool((yes | no).all()):
            msg = f"{self.text!r}: column {column.name!r} is not true or false; compare it with a value"
            raise DataError(msg)
        return yes.to_numpy()

    def _compare(self, node: ast.Compare, table: pd.DataFrame) -> Any:
        result = np.ones(len(table), dtype=bool)
        left = self._value(node.left, table)
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self._value(right_node, table)
            result &= self._one(op, left, right, len(table))
            left = right
        return result

    def _one(self, op: ast.cmpop, left: Any, right: Any, n: int) -> Any:
        if isinstance(op, ast.In | ast.NotIn):
            hit = left.isin(_alike(left, right)).to_numpy() if isinstance(left, pd.Series) else np.full(n, left in right)
            missing = left.isna().to_numpy() if isinstance(left, pd.Series) else False
            return hit if isinstance(op, ast.In) else ~hit & ~np.asarray(missing)
        left, right = _comparable(left, right), _comparable(right, left)
        try:
            result = _COMPARE[type(op)](left, right)
        except TypeError as error:
            msg = f"{self.text!r} orders text against a number: put numbers against number columns, text in quotes against text"
            raise DataError(msg) from error
        if isinstance(result, pd.Series) and isinstance(result.dtype, pd.BooleanDtype):
            result = result.fillna(False)  # noqa: FBT003
        result = np.broadcast_to(np.asarray(result, dtype=bool), (n,)).copy()
        for side in (left, right):
            if isinstance(side, pd.Series):
                result &= side.notna().to_numpy()
        return result

    def _value(self, node: ast.expr, table: pd.DataFrame) -> Any:
        if isinstance(node, ast.Name):
            column = table[self._names.get(node.id, node.id)]
            return column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column
        return ast.literal_eval(node)


def _check(node: ast.expr) -> None:
    """Walk the tree and refuse everything that is not on the allow-list."""
    if isinstance(node, ast.BoolOp):
        for value in node.values:
            _check(value)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        _check(node.operand)
    elif isinstance(node, ast.Compare):
        for op, side in zip([None, *node.ops], [node.left, *node.comparators], strict=True):
            _check_side(side, op)
    elif not isinstance(node, ast.Name):
        _refuse(node)


def _check_side(node: ast.expr, op: ast.cmpop | None) -> None:
    if isinstance(op, ast.In | ast.NotIn):
        if not isinstance(node, ast.List | ast.Tuple | ast.Set) or not all(_literal(e) for e in node.elts):
            msg = f"after 'in' stands a list of values, such as ['healthy', 'control']; {_HELP}"
            raise UsageError(msg)
    elif (op is not None and type(op) not in _COMPARE) or (not isinstance(node, ast.Name) and not _literal(node)):
        _refuse(node)


def _literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        node = node.operand
        return isinstance(node, ast.Constant) and isinstance(node.value, int | float)
    return isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | bool)


def _refuse(node: ast.expr) -> None:
    text = ast.unparse(node)
    column = f" (a column of that name is written `{text}`)" if isinstance(node, ast.Attribute) else ""
    msg = f"{text!r} is not allowed in an expression{column}; {_HELP}"
    raise UsageError(msg)


def _comparable(side: Any, other: Any) -> Any:
    """Let a text column meet a number, and a number column meet numeric text, as a reader would expect."""
    if isinstance(side, pd.Series) and isinstance(other, bool):
        return side.astype(str).str.lower().map({"true": True, "false": False, "1": True, "0": False}).astype(object)
    if isinstance(other, pd.Series) and isinstance(side, str) and pd.api.types.is_numeric_dtype(other):
        try:
            return float(side)
        except ValueError:
            return side
    return side


def _alike(column: Any, values: Sequence[Any]) -> list[Any]:
    """Add the other spelling of each value, so that ``visit in ['1', '2']`` finds numbers too."""
    if not pd.api.types.is_numeric_dtype(column):
        return list(values)
    more = []
    for v in values:
        try:
            more.append(float(v))
        except (TypeError, ValueError):
            more.append(v)
    return more


def mask(table: pd.DataFrame, controls: Any, what: str = "controls", *, everybody: bool = False) -> NDArray[np.bool_]:
    """Return which rows of `table` are controls.

    Parameters
    ----------
    table
        Sample annotations, one row a sample.
    controls
        Expression, name of a true/false column, or a boolean mask of shape (n_samples,).
    what
        Word for messages.
    everybody
        Whether all may be controls, as in a run that is only frozen.

    Raises
    ------
    DataError
        The mask has another length, or selects nobody or everybody.
    """
    if isinstance(controls, str):
        chosen, said = Selection(controls)(table), repr(controls)
    else:
        chosen, said = np.asarray(controls), "the mask"
        if chosen.shape != (len(table),) or chosen.dtype != bool:
            msg = f"{what}: a mask needs {len(table)} true/false values, got shape {chosen.shape} of {chosen.dtype}"
            raise DataError(msg)
    if not chosen.any():
        msg = f"{what}: {said} selects none of the {len(table)} samples{_seen(table, controls)}"
        raise DataError(msg)
    if chosen.all() and not everybody:
        msg = f"{what}: {said} selects all {len(table)} samples; some must be left to score against them"
        raise DataError(msg)
    return chosen


def _seen(table: pd.DataFrame, controls: Any) -> str:
    if not isinstance(controls, str):
        return ""
    columns = Selection(controls).columns
    if not columns:
        return ""
    column = columns[0]
    values = [str(v) for v in table[column].dropna().unique()[:6]]
    return f"; values of {column!r}: {', '.join(values) or 'none'}"
