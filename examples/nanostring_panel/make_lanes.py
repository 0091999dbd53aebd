"""Write the SYNTHETIC lane files of this folder (python examples/nanostring_panel/make_lanes.py).

Nobody was measured. The numbers are drawn: log-normal levels for the 28 interferon-response genes of Kim 2018 and five
housekeeping genes, an amount of RNA and a yield for each lane, a factor of interferon for each patient. Run 2 finds half of the
reporters of run 1, as happens with another lot of reagents; one of its lanes was scanned badly; one control of run 1 is measured
again in run 2, so that one can see whether a score against frozen controls is the same there.
"""

from __future__ import annotations

import random
from pathlib import Path

import ifnscore as ifn

HERE = Path(__file__).parent
GENES = ifn.signatures.get("kim2018_irg28_z").genes
HOUSEKEEPING = ("ABCF1", "GUSB", "HPRT1", "POLR2A", "TBP")
POSITIVES = {"POS_A(128)": 24000, "POS_B(32)": 6400, "POS_C(8)": 1500, "POS_D(2)": 400, "POS_E(0.5)": 90, "POS_F(0.125)": 28}
#: Patients of run 2 and by how much interferon multiplies the genes on average.
PATIENTS = {"P1": 24.0, "P2": 10.0, "P3": 5.0, "P4": 2.5, "P5": 1.1, "P6": 14.0}

LANE = """<Header>
FileVersion,1.7
SoftwareVersion,4.0.0.3
</Header>

<Sample_Attributes>
ID,SYNTHETIC
Owner,
Comments,SYNTHETIC: drawn by make_lanes.py, nobody was measured
Date,
GeneRLF,SYNTHETIC_IFN28
SystemAPF,n6_vDV1
</Sample_Attributes>

<Lane_Attributes>
ID,{lane}
FovCount,280
FovCounted,{fov}
ScannerID,0000C0000
StagePosition,1
BindingDensity,{density:.2f}
CartridgeID,{cartridge}
CartridgeBarcode,
</Lane_Attributes>

<Code_Summary>
CodeClass,Name,Accession,Count
{probes}
</Code_Summary>

<Messages>
</Messages>
"""


def person(rng: random.Random, level: dict[str, float]) -> dict[str, float]:
    """Return the levels of one healthy person: genes of the interferon response rise and fall together."""
    tide = rng.lognormvariate(0, 0.3)
    return {g: v * rng.lognormvariate(0, 0.25) * (tide if g in GENES else 1) for g, v in level.items()}


def lane(rng: random.Random, levels: dict[str, float], yield_: float, **facts: object) -> str:
    """Return the text of a lane file."""
    rna, found = rng.lognormvariate(0, 0.25), yield_ * rng.lognormvariate(0, 0.1)
    counts = {g: round(v * rna * found * rng.lognormvariate(0, 0.05)) for g, v in levels.items()}
    positives = {p: round(v * found * rng.lognormvariate(0, 0.05)) for p, v in POSITIVES.items()}
    negatives = {f"NEG_{x}(0)": round(rng.lognormvariate(1.6, 0.4)) for x in "ABCDEFGH"}
    rows = [("Endogenous", g, f"SYN_{g}", counts[g]) for g in GENES]
    rows += [("Housekeeping", g, f"SYN_{g}", counts[g]) for g in HOUSEKEEPING]
    rows += [("Positive", p, "SYN_POS", c) for p, c in positives.items()]
    rows += [("Negative", n, f"SYN_{n[:5]}", c) for n, c in negatives.items()]
    density = 0.05 + sum(c for *_, c in rows) / 250_000
    return LANE.format(probes="\n".join(",".join(map(str, r)) for r in rows), density=density, **facts)


def main() -> None:
    """Write both runs and the table of samples."""
    rng = random.Random(28)  # noqa: S311
    level = {g: rng.lognormvariate(5.2, 0.9) for g in (*GENES, *HOUSEKEEPING)}
    healthy = {f"HC{i:02d}": person(rng, level) for i in range(1, 13)}
    response = {g: rng.lognormvariate(0, 0.5) for g in GENES}
    patients = {}
    for name, factor in PATIENTS.items():
        own = person(rng, level)
        patients[name] = {g: v * (max(1.0, factor * response[g]) if g in GENES else 1) for g, v in own.items()}
    runs = {"run1": (healthy, 1.0), "run2": (patients | {"HC01_again": healthy["HC01"]}, 0.5)}
    table = ["sample_id,group,run"]
    for run, (people, yield_) in runs.items():
        (HERE / run).mkdir(exist_ok=True)
        for i, (name, levels) in enumerate(people.items(), 1):
            text = lane(rng, levels, yield_, lane=i, fov=174 if name == "P6" else 277, cartridge=f"SYN-{run}")
            (HERE / run / f"synthetic_{name}.RCC").write_text(text, encoding="ascii", newline="\r\n")
            table.append(f"synthetic_{name},{'healthy' if name.startswith('HC') else 'patient'},{run}")
    (HERE / "samples.csv").write_text("\n".join(table) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
