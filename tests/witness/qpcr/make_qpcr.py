"""Makes the two synthetic plates that R and ifnscore score: seven people a plate, eight genes, triplicates, one calibrator."""

import csv
import random
from pathlib import Path

random.seed(20130)
GENES = {"IFI27": 27.5, "IFI44L": 25.5, "IFIT1": 26.0, "ISG15": 25.0, "RSAD2": 27.0, "SIGLEC1": 28.5, "HPRT1": 24.0, "18S": 9.5}
ISGS = list(GENES)[:6]
PEOPLE = {"p1": ["C25", "H1", "H2", "H3", "P1", "P2", "P3"], "p2": ["C25", "H4", "H5", "H6", "P4", "P5", "P6"]}

rows = []
for plate, people in PEOPLE.items():
    drift = {g: random.gauss(0, 0.4) for g in GENES}
    for person in people:
        load = random.gauss(0, 0.5)
        up = random.uniform(1.5, 5) if person.startswith("P") else 0
        for gene, base in GENES.items():
            level = base + load + drift[gene] + random.gauss(0, 0.3) - (up * random.uniform(0.7, 1.3) if gene in ISGS else 0)
            group = "patient" if person.startswith("P") else "healthy"
            rows += [[plate, person, group, gene, f"{level + random.gauss(0, 0.08):.4f}"] for _ in range(3)]

with Path("long.csv").open("w", newline="") as handle:
    csv.writer(handle).writerows([["plate", "sample", "group", "gene", "Ct"], *rows])
