"""Views of R objects as rdata parses them: attributes, names, texts, numbers, columns. Nothing is evaluated."""

from __future__ import annotations

from typing import Any

from ifnscore._lazy import np, pd
from ifnscore.errors import DataError

_NULL = "\001NULL\001"
_PLAIN = {
    "CLO": "function",
    "ENV": "environment",
    "VEC": "list",
    "STR": "character",
    "NIL": "NULL",
    "LANG": "call",
} | dict.fromkeys(("REAL", "INT", "LGL"), "vector")
_LATIN1, _BYTES = 1 << 2, 1 << 1


def deref(obj: Any) -> Any:
    """Follow references to the object itself."""
    while obj.info.type.name == "REF":
        obj = obj.referenced_object
    return obj


def kind(obj: Any) -> str:
    """Return the R type of an object as rdata names it: REAL, INT, LGL, STR, VEC (list), S4, ENV, CLO, ..."""
    obj = deref(obj)
    name = str(obj.info.type.name)
    return "NIL" if name == "NILVALUE" or (name == "SYM" and text(obj.value) == _NULL) else name


def is_null(obj: Any) -> bool:
    """Whether an object is absent or NULL; S4 slots store NULL as a symbol."""
    return obj is None or kind(obj) == "NIL"


def text(char: Any) -> str | None:
    """Return one R string; None for NA."""
    raw = char.value
    if raw is None:
        return None
    if char.info.gp & _LATIN1:
        return str(raw.decode("latin-1"))
    try:
        return str(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return str(raw.decode("cp1252", errors="replace"))


def pairs(obj: Any) -> list[tuple[str, Any]]:
    """Return tags and values of a pairlist."""
    found: list[tuple[str, Any]] = []
    while obj is not None and kind(obj) == "LIST":
        tag = deref(obj.tag) if obj.tag is not None else None
        found.append((text(tag.value) or "" if tag is not None and kind(tag) == "SYM" else "", obj.value[0]))
        obj = obj.value[1]
    return found


def attributes(obj: Any) -> dict[str, Any]:
    """Return the attributes of an object; for S4 these are its slots."""
    return dict(pairs(deref(obj).attributes))


def strings(obj: Any) -> list[str | None]:
    """Return a character vector; None for NA. Anything else has no strings."""
    return [text(c) for c in deref(obj).value] if obj is not None and kind(obj) == "STR" else []


def names(obj: Any) -> list[str]:
    """Return a character vector whose missing values are empty."""
    return [s or "" for s in strings(obj)]


def classes(obj: Any) -> list[str]:
    """Return the S3 or S4 classes that the object states."""
    return names(attributes(obj).get("class"))


def class_name(obj: Any) -> str:
    """Return what an object is, for messages."""
    own = classes(obj)
    if own:
        return own[0]
    if attributes(obj).get("dim") is not None:
        return "matrix or array"
    return _PLAIN.get(kind(obj), kind(obj).lower())


def entries(obj: Any) -> dict[str, Any]:
    """Return the named elements of a list, or the variables of an environment, which is only a container here."""
    if kind(obj) == "VEC":
        labels = names(attributes(obj).get("names"))
        values = deref(obj).value
        labels += [""] * (len(values) - len(labels))
        return {label or str(i + 1): value for i, (label, value) in enumerate(zip(labels, values, strict=False))}
    if kind(obj) == "ENV":
        held = deref(obj).value
        buckets = [held.frame]
        if kind(held.hash_table) == "VEC":
            buckets += deref(held.hash_table).value
        return {name: _forced(value) for bucket in buckets for name, value in pairs(bucket)}
    return {}


def _forced(value: Any) -> Any:
    """Return the value that a promise already had when it was saved; what it had not is never computed."""
    return deref(value).value[0] if kind(value) == "PROM" else value


def is_numeric(obj: Any) -> bool:
    """Whether an object is a vector or matrix of numbers or truth values, and no factor or date."""
    return kind(obj) in {"REAL", "INT", "LGL"} and not {"factor", "Date", "POSIXct", "difftime"} & set(classes(obj))


def numbers(obj: Any) -> np.ndarray:
    """Return numbers: float64 (NaN for NA), or int64 or bool where nothing is missing."""
    values = deref(obj).value
    if "integer64" in classes(obj):  # package bit64 keeps whole numbers in the bits of doubles
        whole = np.ascontiguousarray(values).view(np.int64)
        gone = whole == np.iinfo(np.int64).min
        return np.where(gone, np.nan, whole) if gone.any() else whole
    if isinstance(values, np.ma.MaskedArray):
        return np.asarray(np.ma.filled(values.astype(np.float64), np.nan))
    return values.astype(np.int64) if values.dtype.kind == "i" else values


def column(obj: Any) -> pd.Series | None:
    """Return one column of a data frame, or None for what is no plain column: dates, lists, matrices, unknown classes."""
    own = set(classes(obj))
    if "factor" in own:
        return pd.Series(_factor(obj))
    if attributes(obj).get("dim") is not None or own - {"AsIs", "integer64", "numeric", "integer", "character", "logical"}:
        return _run_lengths(obj) if "Rle" in own else None
    if is_numeric(obj):
        return pd.Series(numbers(obj))
    if kind(obj) == "STR":
        return _words(strings(obj))
    return None


def _words(values: list[str | None]) -> pd.Series:
    """Return words; categories where some are missing, so that they can be written as h5ad."""
    words = pd.Series(values, dtype=object)
    return words.astype("category") if words.isna().any() else words


def _factor(obj: Any) -> pd.Categorical:
    levels = list(dict.fromkeys(names(attributes(obj).get("levels"))))
    codes = np.nan_to_num(numbers(obj).astype(np.float64), nan=0).astype(np.int64) - 1
    if len(codes) and not -1 <= codes.min() <= codes.max() < len(levels):
        msg = "a factor points to a level that does not exist"
        raise DataError(msg)
    return pd.Categorical.from_codes(codes, pd.Index(levels, dtype=object))


def _run_lengths(obj: Any) -> pd.Series | None:
    """Write out an Rle of Bioconductor (values and how often each stands)."""
    slots = attributes(obj)
    values, lengths = column(slots["values"]), numbers(slots["lengths"])
    if values is None or len(values) != len(lengths) or lengths.min(initial=0) < 0 or lengths.sum() > 10_000_000:  # noqa: PLR2004
        return None
    return values.repeat(lengths.tolist()).reset_index(drop=True)
