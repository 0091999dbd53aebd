"""Write the five synthetic lanes that nsolver.R reads: python make_lanes.py (from this folder)."""

from __future__ import annotations

import random
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from tests import nanostring_files as files  # noqa: E402

GENES = [
    "CXCL10",
    "DDX60",
    "EPSTI1",
    "IFI27",
    "IFI44",
    "IFI44L",
    "IFI6",
    "IFIT1",
    "IFIT3",
    "ISG15",
    "MX1",
    "OAS1",
    "RSAD2",
    "SIGLEC1",
]
HOUSEKEEPING = {"ABCF1": 0.1, "GUSB": 0.15, "HPRT1": 0.2, "POLR2A": 0.9, "TBP": 0.12, "SDHA": 0.6}

random.seed(20)
levels = {g: random.lognormvariate(5, 1) for g in (*GENES, *HOUSEKEEPING)}
for lane in range(1, 6):
    input_, yield_ = random.lognormvariate(0, 0.5), random.lognormvariate(0, 0.2)
    noisy = {g: round(levels[g] * input_ * yield_ * random.lognormvariate(0, HOUSEKEEPING.get(g, 0.7))) for g in levels}
    positives = {p: round(c * yield_ * random.lognormvariate(0, 0.1)) for p, c in files.POSITIVES.items()}
    negatives = {n: round(random.lognormvariate(1.8, 0.5)) for n in files.NEGATIVES}
    probes = files.classes({g: noisy[g] for g in GENES}, {g: noisy[g] for g in HOUSEKEEPING}, positives, negatives)
    files.write(HERE / f"lane_{lane}.RCC", probes, lane=lane, rcc_id="synthetic", cartridge="synthetic")
