"""Alevin and alevin-fry folders: ``quants_mat.mtx`` with the names of its rows (cells) and columns (genes).

Source of the layout: what alevin-fry writes (COMBINE-lab/alevin-fry, ``src/quant.rs``) and how pyroe's ``load_fry`` puts it
together. In USA mode every gene has a spliced, an unspliced (name with ``-U``) and an ambiguous column (``-A``), in three
blocks of the same order; spliced plus ambiguous is advised for cells, all three for nuclei.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ifnscore._lazy import ad, np, pd
from ifnscore.errors import DataError, listing
from ifnscore.loaders import _files, _mtx
from ifnscore.loaders._model import Known, Loader, Options
from ifnscore.loaders._orient import quiet_names
from ifnscore.options import Option

_PLACES = ("", "alevin", "af_quant/alevin", "quant/alevin")
_MATRIX = "quants_mat.mtx"
_BINARY = "quants_mat.gz"
_UNSPLICED = Option(
    "unspliced",
    "alevin-fry with unspliced counts: no takes spliced + ambiguous (cells), yes all (nuclei)",
    choices=("no", "yes"),
    default="no",
)
_BLOCKS = 3


def _claims(path: Path) -> bool:
    return path.is_dir() and _place(path) is not None


def _place(path: Path) -> Path | None:
    """Return the folder that holds the matrix."""
    for place in _PLACES:
        folder = path / place
        if any((folder / name).is_file() for name in (_MATRIX, f"{_MATRIX}.gz", _BINARY)):
            return folder
    return None


def _load(path: Path, options: Options) -> Known:
    folder = _place(path)
    assert folder is not None
    matrix = next((folder / n for n in (_MATRIX, f"{_MATRIX}.gz") if (folder / n).is_file()), None)
    if matrix is None:
        msg = (
            f"{folder / _BINARY}: alevin's binary format is not read: run salmon alevin with --dumpMtx, or write the matrix "
            "from R (tximport, type='alevin', or eds::readEDS) as .mtx or .h5ad"
        )
        raise DataError(msg)
    cells, genes = _names(folder, "rows"), _names(folder, "cols")
    x = _mtx.samples_by_genes(matrix, len(cells), len(genes), _files.label(matrix), genes_in_rows=False)
    notes: tuple[str, ...] = ()
    if _has_blocks(genes):
        x, genes = _combined(x, genes, unspliced=options["unspliced"] == "yes")
        kinds = "spliced, ambiguous and unspliced" if options["unspliced"] == "yes" else "spliced and ambiguous"
        notes = (f"{kinds} counts added up",)
    elif options["unspliced"] == "yes":
        msg = f"{folder}: no unspliced counts in this matrix (no columns that end in -U): leave out option unspliced=yes"
        raise DataError(msg)
    with quiet_names():
        adata = ad.AnnData(X=x, obs=pd.DataFrame(index=cells), var=_described(genes, folder))
    return Known(adata, "counts", "alevin counts of molecules", "RNA-seq", notes)


def _names(folder: Path, axis: str) -> list[str]:
    file = next((folder / n for n in (f"quants_mat_{axis}.txt", f"quants_mat_{axis}.txt.gz") if (folder / n).is_file()), None)
    if file is None:
        msg = f"{folder}: no quants_mat_{axis}.txt beside the matrix: copy the whole folder"
        raise DataError(msg)
    lines = _files.read_text(file).decode("utf-8", errors="replace").splitlines()
    names = [line.split("\t")[0].strip() for line in lines if line.strip()]
    if axis == "rows" and len(set(names)) < len(names):
        twice = [n for i, n in enumerate(names) if n in set(names[:i])] if len(names) < 1000 else []  # noqa: PLR2004
        msg = f"{_files.label(file)}: cells named twice{': ' + listing(twice, 3) if twice else ''}; each needs its own name"
        raise DataError(msg)
    return names


def _has_blocks(genes: list[str]) -> bool:
    """Whether the columns are three blocks of the same genes: spliced, unspliced, ambiguous."""
    n, rest = divmod(len(genes), _BLOCKS)
    if rest or not n:
        return False
    return all(genes[n + i] == f"{genes[i]}-U" and genes[2 * n + i] == f"{genes[i]}-A" for i in (0, n // 2, n - 1))


def _combined(x: Any, genes: list[str], *, unspliced: bool) -> tuple[Any, list[str]]:
    n = len(genes) // _BLOCKS
    total = x[:, :n] + x[:, 2 * n :]
    return ((total + x[:, n : 2 * n]) if unspliced else total).tocsr(), genes[:n]


def _described(genes: list[str], folder: Path) -> Any:
    """Return ``var``, with the symbols of simpleaf's gene_id_to_name.tsv where it lies beside."""
    var = pd.DataFrame(index=genes)
    table = next((p for p in (folder / "gene_id_to_name.tsv", folder.parent / "gene_id_to_name.tsv") if p.is_file()), None)
    if table is not None:
        lines = [line.split("\t") for line in _files.read_text(table).decode("utf-8", errors="replace").splitlines()]
        symbols = {cells[0].strip(): cells[1].strip() for cells in lines if len(cells) > 1}
        var["gene_name"] = np.array([symbols.get(g, "") for g in genes], dtype=object)
    return var


LOADER = Loader(
    name="alevin",
    title="an alevin or alevin-fry folder (quants_mat.mtx, quants_mat_rows.txt, quants_mat_cols.txt)",
    suffixes=(),
    claims=_claims,
    load=_load,
    folder=True,
    order=-1,
    options=(_UNSPLICED,),
)
