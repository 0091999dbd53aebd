"""A first look into an HDF5 file, as a program of its own: ``python _hdf5_look.py`` with a request on stdin, facts on stdout.

The HDF5 library may loop for ever or crash on a damaged file, which no Python code can stop in its own process. So this file
needs nothing but h5py; :mod:`ifnscore.loaders._hdf5` runs it with a time limit and decides by its facts. It touches what the
library can stumble over (every object, attribute and text), and nothing outside of the file.

A fact is a list: ``["elsewhere", name, how]`` a link or dataset that names another file; ``["too_many"]``;
``["dataset", name, shape, bytes in memory, bytes stored]``; ``["sparse", name, shapes of the parts, shape, csr or csc]``.
"""

from __future__ import annotations

import json
import math
import sys
from typing import Any

#: Groups and datasets in one file, and groups inside one another; an AnnData has some dozens, and five.
MAX_OBJECTS, MAX_DEPTH = 100_000, 64
_SPARSE = frozenset({"data", "indices", "indptr"})
_FIRST_STRINGS = 64


class _Stop(Exception):  # noqa: N818
    """Enough is known."""


def look(path: str, limit: int) -> list[list[Any]]:
    """Return the facts of a file; the last one may be the reason to stop.

    Parameters
    ----------
    path
        HDF5 file.
    limit
        Bytes of text after which reading stops.
    """
    import h5py

    facts: list[list[Any]] = []
    with h5py.File(path, "r") as file:
        sparse: list[tuple[str, Any]] = []
        try:
            _walk(file, limit, facts, sparse)
        except _Stop:
            return facts
        # only now, as parts may be soft links: it is known that none leads to another file
        facts += [_sparse(group, name) for name, group in sparse]
    return facts


def _walk(file: Any, limit: int, facts: list[list[Any]], sparse: list[tuple[str, Any]]) -> None:
    """Visit every object once, without following anything that leaves the file."""
    import h5py

    seen: set[int] = set()
    todo: list[tuple[str, Any, int]] = [("", file.id, 0)]
    while todo:
        name, here, depth = todo.pop()
        group = h5py.Group(here)
        _touch_attributes(group)
        links = list(group)
        for link in links:
            full = f"{name}/{link}".lstrip("/")
            item = _open(group, link, full, facts)
            address = None if item is None else int(h5py.h5o.get_info(item).addr)
            if item is None or address is None or address in seen:
                continue
            seen.add(address)
            if len(seen) > MAX_OBJECTS or depth > MAX_DEPTH:
                facts.append(["too_many"])
                raise _Stop
            if isinstance(item, h5py.h5g.GroupID):
                todo.append((full, item, depth + 1))
            elif isinstance(item, h5py.h5d.DatasetID):
                _dataset(item, full, limit, facts)
        if set(links) >= _SPARSE:
            sparse.append((name, group))


def _touch_attributes(item: Any) -> None:
    for name in item.attrs:
        item.attrs[name]


def _open(group: Any, link: str, full: str, facts: list[list[Any]]) -> Any:
    """Return the object behind a hard link. What a soft link points to has a hard link of its own, or lies elsewhere."""
    import h5py

    kind = group.get(link, getlink=True)
    if isinstance(kind, h5py.ExternalLink):
        facts.append(["elsewhere", full, "link"])
        raise _Stop
    if isinstance(kind, h5py.SoftLink):
        return None
    return h5py.h5o.open(group.id, link.encode("utf-8", errors="surrogateescape"))


def _dataset(item: Any, full: str, limit: int, facts: list[list[Any]]) -> None:
    import h5py

    made = item.get_create_plist()
    if made.get_layout() == h5py.h5d.VIRTUAL or made.get_external_count():
        facts.append(["elsewhere", full, "data"])
        raise _Stop
    shape = [int(n) for n in item.shape or ()]
    kind = item.get_type()
    chunk = math.prod(made.get_chunk()) if made.get_layout() == h5py.h5d.CHUNKED else 0
    declared = max(math.prod(shape), chunk) * int(kind.get_size())
    facts.append(["dataset", full, shape, declared, int(item.get_storage_size())])
    dataset = h5py.Dataset(item)
    _touch_attributes(dataset)
    if isinstance(kind, h5py.h5t.TypeStringID) and kind.is_variable_str() and declared <= limit:
        text = _strings(dataset, shape, limit)
        facts.append(["dataset", full, shape, declared + text, None])
        if text > limit:
            raise _Stop


def _strings(dataset: Any, shape: list[int], limit: int) -> int:
    """Return the length of all strings: each of millions may point to the same long one, which only reading tells."""
    if len(shape) != 1:
        return len(dataset[()]) if not shape else 0
    total, start, step = 0, 0, _FIRST_STRINGS
    while start < shape[0] and total <= limit:
        longest = sum(len(s) for s in dataset[start : start + step])
        total += longest
        start += step
        step = min(4 * step, 65_536) if longest < (1 << 20) else _FIRST_STRINGS
    return total


def _sparse(group: Any, name: str) -> list[Any]:
    """Return the shapes of the parts of a sparse matrix, and its own: an attribute in AnnData, a dataset in 10x files."""
    parts = {k: [int(n) for n in getattr(group.get(k), "shape", None) or ()] for k in sorted(_SPARSE)}
    shape = group.attrs.get("shape", group.attrs.get("h5sparse_shape"))
    if shape is None and getattr(group.get("shape"), "shape", ()) == (2,):
        shape = group["shape"][()]
    known = shape is not None and len(shape) == 2  # noqa: PLR2004
    kind = str(group.attrs.get("encoding-type", group.attrs.get("h5sparse_format", "csc")))
    return ["sparse", name, parts, [int(n) for n in shape] if known else None, kind[:3]]


def _main() -> None:
    request = json.load(sys.stdin)
    sys.path[:] = request["path"]
    if request["memory"]:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (request["memory"], request["memory"]))
    try:
        answer: dict[str, Any] = {"facts": look(request["file"], request["limit"])}
    except MemoryError:
        answer = {"memory": True}
    except Exception as error:  # noqa: BLE001  h5py raises many kinds; each means that the file is damaged
        answer = {"error": str(error.args[0] if isinstance(error, KeyError) and error.args else error) or type(error).__name__}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    _main()
