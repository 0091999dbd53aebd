"""AnnData files that are large stay where they are: values, names and annotations are read when they are needed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ifnscore import orthologs, sources
from ifnscore._lazy import ad, pd
from ifnscore.errors import DataError
from ifnscore.expression import Scale
from ifnscore.loaders import _bounds, _files, _hdf5, _record, zarr_store
from ifnscore.loaders._anndata import reason
from ifnscore.loaders._on_demand import Columns, Names, Words
from ifnscore.loaders._orient import quiet_names
from ifnscore.sources._where import Where

#: From so many bytes of values, or so many samples, on a file is not read whole; smaller files are not even looked at.
LARGE, MANY, SMALL = 256 << 20, 100_000, 16 << 20
#: Parts of a file that are read whole, and so have to fit into memory.
_WHOLE = ("obs", "var", "uns")
_SUFFIXES = {".h5ad": "h5ad", ".zarr": "zarr"}
_FRAME = "dataframe"


class Lazy:
    """What scoring needs of an AnnData, on top of a file.

    Attributes
    ----------
    X, layers
        Sources of shape (n_obs, n_vars).
    obs, obs_names
        Annotations and names on demand.
    var, uns, obsm
        In memory; of ``obsm`` the scores of ifnscore only.
    scratch
        Folder for scores that are written to a file afterwards; None: they are kept in memory.
    """

    isbacked = False

    def __init__(self, root: Any, label: str, file: str) -> None:
        self.scratch: Path | None = None
        self._root, self.label = root, label
        where = Where(file, "obs")
        with _reading(label):
            self.var = ad.io.read_elem(root["var"])
            self.uns: dict[str, Any] = {k: ad.io.read_elem(root["uns"][k]) for k in _kept(root, "uns", ("ifnscore", "log1p"))}
            self.obsm: dict[str, Any] = {}
            index = root["obs"][str(root["obs"].attrs["_index"])]
        self.obs_names = Names(Words(index, where))
        self.obs = Columns(root["obs"], self.obs_names, where)
        self.n_obs, self.n_vars = len(self.obs_names), len(self.var)
        self._sources: dict[str, sources.Source] = {}
        self._place: Path | None = None
        self._open = ExitStack()

    @property
    def shape(self) -> tuple[int, int]:
        """Samples and genes."""
        return self.n_obs, self.n_vars

    @property
    def var_names(self) -> pd.Index[Any]:
        """Gene names as they stand in the file."""
        return self.var.index

    @property
    def X(self) -> sources.Source | None:  # noqa: N802  as AnnData calls it
        """The matrix, or None if there is none."""
        return self._source("X") if "X" in self._root else None

    @property
    def layers(self) -> Mapping[str, sources.Source]:
        """The layers."""
        return _Layers(self)

    def _source(self, name: str) -> sources.Source:
        if name not in self._sources:
            found = sources.of(self._root[name])
            if found is None or found.shape != self.shape:
                shape = "nothing" if found is None else f"{found.shape[0]} x {found.shape[1]} values"
                msg = f"{self.label}: {name} holds {shape} for {self.n_obs} samples and {self.n_vars} genes: copy it again"
                raise DataError(msg)
            self._sources[name] = found
        return self._sources[name] if self._place is None else self._shared(name, self._place)

    def _shared(self, name: str, path: Path) -> sources.Source:
        found = self._sources[name]
        return sources.Shared(found, sources.Place(str(path), name, found.shape))

    def share(self, path: Path) -> None:
        """Let other processes read the values from now on: each opens the file itself."""
        self._place = path.resolve()

    def keep_scores(self) -> None:
        """Keep the scores that the file holds, where they are, so that they are written with new ones."""
        with _reading(self.label):
            for name in self._root.get("obsm", ()):
                table = self._root["obsm"][name]
                if str(name).startswith("ifn_") and dict(table.attrs).get("encoding-type") == _FRAME:
                    self.obsm[str(name)] = Columns(table, self.obs_names, Where(self.obs.where.file, f"obsm/{name}"))

    def __getitem__(self, at: slice) -> Any:
        """Return consecutive samples with their scores and annotations, as the readers of scores need them."""
        start, stop, _ = at.indices(self.n_obs)
        names = self.obs_names[start:stop].astype(str)
        scores = {k: _rows(v, start, stop, names) for k, v in self.obsm.items()}
        obs = _Part(self.obs, start, stop)
        return SimpleNamespace(obs_names=names, n_obs=len(names), obsm=scores, uns=self.uns, obs=obs, is_view=False)

    def close(self) -> None:
        """Close the file."""
        self._open.close()


class _Layers(Mapping[str, sources.Source]):
    def __init__(self, of: Lazy) -> None:
        self._of = of

    def __iter__(self) -> Iterator[str]:
        return iter([str(name) for name in self._of._root.get("layers", ())])

    def __len__(self) -> int:
        return len(self._of._root.get("layers", ()))

    def __getitem__(self, name: str) -> sources.Source:
        return self._of._source(f"layers/{name}")


class _Part:
    """Some rows of annotations on demand."""

    def __init__(self, whole: Columns, start: int, stop: int) -> None:
        self.whole, self.start, self.stop, self.columns = whole, start, stop, whole.columns

    def __getitem__(self, name: str) -> pd.Series[Any]:
        return self.whole[name].iloc[self.start : self.stop]


def _rows(scores: Any, start: int, stop: int, names: Any) -> pd.DataFrame:
    if isinstance(scores, pd.DataFrame):
        return scores.iloc[start:stop]
    if isinstance(scores, Columns):
        return scores.part(start, stop).set_axis(names)
    return pd.DataFrame(scores[start:stop], index=names, columns=scores.columns)


def _kept(root: Any, part: str, names: tuple[str, ...]) -> Iterator[str]:
    return (n for n in names if part in root and n in root[part])


@contextmanager
def _reading(label: str) -> Iterator[None]:
    """Turn whatever anndata and the libraries below it raise into one line."""
    try:
        with quiet_names():
            yield
    except (MemoryError, DataError):
        raise
    except Exception as error:
        msg = f"{label}: anndata cannot read it, the file is damaged or of another version ({reason(error)})"
        raise DataError(msg) from error


@contextmanager
def _labelled(label: str, file: str) -> Iterator[None]:
    """Name the file in errors about its values as in all others: by the path that was given."""
    try:
        yield
    except DataError as error:
        text = str(error)
        if label == file or not text.startswith(f"{file}: "):
            raise
        raise type(error)(label + text.removeprefix(file)) from error


def read(path: Path, *, scale: Scale | None, symbol_column: str | None, layer: str | None, species: str) -> Lazy | None:
    """Return a large AnnData file without reading it, or None for one that is small or of an old or unusual layout.

    Parameters
    ----------
    path, scale, symbol_column, layer, species
        See :func:`ifnscore.loaders.read`.

    Raises
    ------
    DataError
        The file cannot be used as it is; the message names the file, the place and what to do.
    """
    name = _SUFFIXES.get(path.suffix.lower())
    label = _files.label(path)
    if name is None or not path.exists() or (name == "zarr") != path.is_dir():
        return None
    with ExitStack() as stack:
        root = _opened(path, label, name, stack)
        if root is None or not _usual(root) or not _is_large(root, layer, label):
            return None
        made = Lazy(root, label, path.name)
        with _labelled(label, path.name), orthologs.species(species):
            _record.finish(made, label, name=name, scale=scale, symbol_column=symbol_column, layer=layer)
        made._open = stack.pop_all()
    return made


def _opened(path: Path, label: str, name: str, stack: ExitStack) -> Any:
    """Return the root of a file that was looked through, or None for one that is small."""
    if name == "h5ad":
        if not path.is_file() or path.stat().st_size < SMALL:
            return None
        return stack.enter_context(_hdf5.opened(path, label, blockwise=_in_blocks))
    zarr_store.check(path, label, blockwise=_in_blocks)
    with _reading(label):
        import zarr

        return zarr.open_group(path, mode="r")


def _in_blocks(name: str) -> bool:
    """Whether a dataset is read in blocks, so that it need not fit into memory."""
    return name.partition("/")[0] not in _WHOLE


def _usual(root: Any) -> bool:
    """Whether annotations are data frames as anndata has written them since 0.7."""
    groups = [root.get(part) for part in ("obs", "var")]
    if any(g is None or dict(g.attrs).get("encoding-type") != _FRAME for g in groups):
        return False
    index = root["obs"].get(str(dict(root["obs"].attrs).get("_index", "")))
    kind = str(dict(index.attrs).get("encoding-type", "")) if index is not None else ""
    return index is not None and kind in {"", "array", "string-array", "nullable-string-array"}


def _is_large(root: Any, layer: str | None, label: str) -> bool:
    """Whether the values are many; chunks that no memory holds are refused."""
    node = root.get("X" if layer is None else f"layers/{layer}")
    if node is None:
        return False
    arrays = [node] if hasattr(node, "shape") else [node[k] for k in ("data", "indices") if k in node]
    if not arrays:
        return False
    for array in arrays:
        size = math.prod(getattr(array, "chunks", None) or (1,)) * array.dtype.itemsize
        _bounds.check(size, None, label, f"a chunk of {str(array.name).strip('/')!r}")
    size = sum(math.prod(a.shape) * a.dtype.itemsize for a in arrays)
    shape = dict(node.attrs).get("shape", getattr(node, "shape", (0,)))
    return size >= LARGE or int(shape[0]) >= MANY
