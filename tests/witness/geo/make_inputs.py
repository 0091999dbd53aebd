"""Write the inputs of make_R.R: a synthetic series matrix, its platform table and a GCT file (seed 20; no real sample)."""

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
GENES = ["ISG15", "MX1", "IFI27", "IFIT1", "RSAD2", "SIGLEC1", "GAPDH", "IFI44L"]
rng = np.random.default_rng(20)
n_probes = [3, 2, 1, 4, 2, 1, 2, 1]
probes = [(f"{100 + i}{'abcd'[k]}_at", g) for i, (g, n) in enumerate(zip(GENES, n_probes, strict=True)) for k in range(n)]
order = rng.permutation(len(probes))
samples = [f"GSM90000{i}" for i in range(1, 7)]
values = np.round(rng.normal(8, 2, (len(probes), 6)), 4)


def row(name, cells):
    return "\t".join([name, *(f'"{c}"' for c in cells)])


lines = [
    row("!Series_title", ["Synthetic series"]),
    row("!Series_geo_accession", ["GSE900000"]),
    row("!Series_type", ["Expression profiling by array"]),
    row("!Series_platform_id", ["GPL900"]),
    "",
    row("!Sample_title", ["rep", "rep", "c", "d", "e", "f"]),
    row("!Sample_geo_accession", samples),
    row("!Sample_source_name_ch1", ["blood"] * 6),
    row("!Sample_organism_ch1", ["Homo sapiens"] * 6),
    row("!Sample_characteristics_ch1", ["tissue: blood", "tissue: blood", "age: 12", "tissue: blood", "tissue: blood", ""]),
    row("!Sample_characteristics_ch1", ["age: 7", "disease: JDM", "disease: JDM", "age: 9.5", "disease: control", "age: 3"]),
    row("!Sample_characteristics_ch1", ["disease: JDM", "age: 5", "", "disease: control", "age: 11", "disease: control"]),
    row("!Sample_data_processing", ["RMA"] * 6),
    row("!Sample_platform_id", ["GPL900"] * 6),
    row("!Sample_data_row_count", [len(probes)] * 6),
    "!series_matrix_table_begin",
    row('"ID_REF"', samples),
]
for i in order:
    cells = [str(v) for v in values[i]]
    if probes[i][0] == "103a_at":
        cells[2] = "null"
    lines.append("\t".join([f'"{probes[i][0]}"', *cells]))
lines += ["!series_matrix_table_end", ""]
(HERE / "GSE900000_series_matrix.txt").write_text("\n".join(lines))

table = ["^Annotation", "!Annotation_date = Jan 01 2016", "!Annotation_platform = GPL900", "#ID = probe"]
table += ["!platform_table_begin", "ID\tGene title\tGene symbol\tGene ID"]
table += [f'{p}\ttitle of {g}, 5" end\t{g}\t{100 + i}' for i, (p, g) in enumerate(probes)]
(HERE / "GPL900.annot").write_text("\n".join([*table, "!platform_table_end", ""]))

gct = [
    "#1.3",
    "3\t4\t2\t2",
    "id\tpr_gene_symbol\tprobe\ts1\ts2\ts3\ts4",
    "dose\tna\tna\t1\t2\t-666\t4",
    "arm\tna\tna\tu\tv\tu\tv",
]
for i, g in enumerate(GENES[:3]):
    gct.append("\t".join([f"r{i}", g, f"p{i}", *(f"{v:.4f}" for v in rng.normal(0, 2, 4))]))
(HERE / "synthetic.gct").write_text("\n".join([*gct, ""]))
