"""R data files: ``.rds`` (saveRDS), ``.rda`` and ``.RData`` (save), through rdata.

Nothing in such a file is run. Read are matrices, data frames, sparse matrices of the package Matrix, and the containers of
:mod:`ifnscore.loaders._r_classes`; from anything else nothing is guessed, but the line of R is named that exports it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ifnscore import identify
from ifnscore._lazy import ad, is_sparse, np, pd
from ifnscore.errors import DataError, listing, nearest, say
from ifnscore.loaders import _files, _r_classes, _r_frame, _r_matrix, _r_parse
from ifnscore.loaders import _r_tree as tree
from ifnscore.loaders._model import Known, Loader, Options, Table
from ifnscore.loaders._orient import quiet_names
from ifnscore.options import Option

_SUFFIXES = (".rds", ".rda", ".rdata", ".robj")
#: How deep lists in lists are looked at.
_DEPTH = 3


def _claims(path: Path) -> bool:
    return _files.suffix(path) in _SUFFIXES and not path.is_dir()


def _load(path: Path, options: Options) -> Table | Known:
    label = _files.label(path)
    root, workspace = _r_parse.parse(path, label)
    try:
        found = _objects(root, workspace=workspace)
        name = _chosen(found, label, options["object"])
        obj = found[name]
        where = f"{label}, object {name}" if name else label
        if _r_classes.kind_of(obj):
            return _container(obj, where, options["assay"])
        if options["assay"]:
            msg = f"{where}: a {tree.class_name(obj)} has no assays; leave the option assay out"
            raise DataError(msg)
        if _r_frame.is_frame(obj):
            return _frame(obj, where)
        return _matrix(_r_matrix.read(obj, where), where)
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        msg = f"{label}: an R object whose parts do not fit together: the file is damaged, or of a version that is not known"
        raise DataError(msg) from error


def _objects(root: Any, *, workspace: bool) -> dict[str, Any]:
    """Return what could be meant: the objects of a workspace, and the elements of plain lists as ``list$element``."""
    top = dict(tree.pairs(root)) if workspace else {"": root}
    found: dict[str, Any] = {}

    def add(name: str, obj: Any, depth: int) -> None:
        plain = tree.kind(obj) == "VEC" and not _usable(obj) and set(tree.classes(obj)) <= {"list"}
        if not plain or depth == _DEPTH:
            found[name] = obj
            return
        for key, value in tree.entries(obj).items():
            add(f"{name}${key}" if name else key, value, depth + 1)

    for name, obj in top.items():
        add(name, obj, 0)
    return found


def _usable(obj: Any) -> bool:
    return bool(_r_classes.kind_of(obj)) or _r_frame.is_frame(obj) or _r_matrix.is_matrix(obj)


def _chosen(found: dict[str, Any], label: str, asked: str) -> str:
    """Return the name of the object to read.

    Raises
    ------
    DataError
        None can be read, none has this name, or several could be meant.
    """
    usable = [n for n, obj in found.items() if _usable(obj)]
    shown = listing([f"{n} ({tree.class_name(found[n])})" for n in found], 8)
    if asked:
        if asked not in found:
            msg = f"{label}: no object {asked!r}; it holds {shown or 'nothing'}.{nearest(asked, found)}"
            raise DataError(msg)
        if asked not in usable:
            raise DataError(_unreadable(f"{label}: object {asked}", found[asked]))
        return asked
    if not usable:
        if len(found) == 1:
            raise DataError(_unreadable(label, next(iter(found.values()))))
        shown = shown or "there are none"
        msg = f"{label}: no expression matrix among its objects ({shown}): save a matrix or a data frame of counts"
        raise DataError(msg)
    genes = [n for n in usable if len(usable) == 1 or _names_genes(found[n])]
    counts = [n for n in genes if n.rpartition("$")[2] == "counts"]
    chosen = genes if len(genes) == 1 else counts
    if len(chosen) != 1:
        msg = f"{label}: several objects could be meant: {shown}; choose one with --option object=NAME"
        raise DataError(msg)
    if len(found) > 1:
        others = [n for n in found if n != chosen[0]]
        say(f"{label}: object {chosen[0]!r} is read (there are also {listing(others)}; choose with --option object=NAME)")
    return chosen[0]


def _unreadable(where: str, obj: Any) -> str:
    how = _r_classes.how_to_save(obj)
    return f"{where}: it is of class {tree.class_name(obj)}, which is no expression matrix that can be read safely; {how}"


def _names_genes(obj: Any) -> bool:
    """Whether known genes stand in an object; every container is taken to hold some."""
    if _r_classes.kind_of(obj):
        return True
    slots = tree.attributes(obj)
    if _r_frame.is_frame(obj):
        rows = tree.names(slots.get("row.names", slots.get("rownames")))
        words = [s for column in tree.entries(obj).values() if tree.kind(column) == "STR" for s in tree.names(column)]
        return identify.known([*rows, *tree.names(slots.get("names")), *words]) > 0
    rows, columns = _r_matrix.names(obj)
    return identify.known([*rows, *columns]) > 0


def _frame(obj: Any, label: str) -> Table:
    rows, frame = _r_frame.read(obj, label)
    header = [str(c) for c in frame.columns]
    frame.columns = pd.RangeIndex(len(header))
    if not rows:
        first = next((j for j in range(len(header)) if frame[j].dtype.kind not in "iufb"), None)
        if first is None:
            msg = (
                f"{label}: no row names and no column of words: in R, put the gene or sample names there with rownames(x) <- ..."
            )
            raise DataError(msg)
        rows = ["" if pd.isna(v) else str(v) for v in frame[first]]
        frame, name = frame.drop(columns=[first]), header.pop(first)
    else:
        name = ""
    columns = [pd.Series(rows, dtype=object), *(_cells(frame[c]) for c in frame.columns)]
    return _table(columns, [name, *header], label)


def _cells(column: pd.Series) -> pd.Series:
    """Return a column as a text table has it: words as plain strings."""
    return column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column


def _table(columns: list[pd.Series], header: list[str], label: str) -> Table:
    frame = pd.DataFrame(dict(enumerate(columns)))
    if not len(frame) or frame.shape[1] < 2:  # noqa: PLR2004
        msg = f"{label}: {len(frame)} rows and {frame.shape[1] - 1} columns beside the names: at least one of each is needed"
        raise DataError(msg)
    return Table(label, header, frame)


def _named(m: _r_matrix.Matrix, label: str) -> _r_matrix.Matrix:
    for names, what in ((m.rows, "row"), (m.columns, "column")):
        if not names:
            msg = (
                f"{label}: the matrix has no {what} names: in R, set {what[:3]}names(x) to the genes or samples and save it again"
            )
            raise DataError(msg)
    return m


def _matrix(m: _r_matrix.Matrix, label: str) -> Table | Known:
    """Return a matrix of which nothing else is known: genes lie where most known identifiers are."""
    if not is_sparse(m.x):
        _named(m, label)
        values = pd.DataFrame(m.x, copy=False)
        values.columns = pd.RangeIndex(1, values.shape[1] + 1)
        names = pd.Series(m.rows, dtype=object, name=0)
        return _table([names, *(values[c] for c in values.columns)], ["", *m.columns], label)
    _named(m, label)
    n_rows, n_columns = identify.known(m.rows), identify.known(m.columns)
    if n_columns > n_rows:
        say(f"{label}: genes lie in the columns ({n_columns} of {len(m.columns)} identifiers recognised)")
        m = _r_matrix.Matrix(m.x.T, m.columns, m.rows)
    return Known(_anndata(m, pd.DataFrame(index=m.columns), pd.DataFrame(index=m.rows)))


def _container(obj: Any, label: str, assay: str) -> Known:
    taken = _r_classes.read(obj, label, assay)
    m = _named(taken.matrix, label)
    obs = _r_frame.annotation(taken.samples, m.columns, label, "samples")
    var = _r_frame.annotation(taken.genes, m.rows, label, "genes")
    note = f"{tree.class_name(obj)} of R, assay {taken.assay}"
    return Known(_anndata(m, obs, var), platform=taken.platform, notes=(note,))


def _anndata(m: _r_matrix.Matrix, obs: pd.DataFrame, var: pd.DataFrame) -> ad.AnnData:
    x: Any = m.x.T
    with quiet_names():
        return ad.AnnData(X=x.tocsr() if is_sparse(x) else np.ascontiguousarray(x), obs=obs, var=var)


LOADER = Loader(
    name="r",
    title="R data file with a matrix, data frame, SummarizedExperiment, ExpressionSet, DGEList or Seurat object",
    suffixes=_SUFFIXES,
    claims=_claims,
    load=_load,
    options=(
        Option("object", "Object of an R workspace, or element of a list (list$element), to read."),
        Option("assay", "Assay of an R container to read, such as counts; for Seurat NAME or NAME/LAYER."),
    ),
)
