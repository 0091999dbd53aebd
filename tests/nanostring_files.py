"""Synthetic NanoString files in the layout of real ones."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

POSITIVES = {"POS_A(128)": 20000, "POS_B(32)": 5000, "POS_C(8)": 1250, "POS_D(2)": 312, "POS_E(0.5)": 78, "POS_F(0.125)": 20}
NEGATIVES = {"NEG_A(0)": 4, "NEG_B(0)": 8, "NEG_C(0)": 6, "NEG_D(0)": 2, "NEG_E(0)": 5, "NEG_F(0)": 5}
GENES = {"ISG15": 400, "MX1": 900, "IFI27": 30, "IFIT1": 120}
HOUSEKEEPING = {"TBP": 100, "HPRT1": 200, "GUSB": 400}


def classes(
    genes: Mapping[str, int] = GENES,
    housekeeping: Mapping[str, int] = HOUSEKEEPING,
    positives: Mapping[str, int] = POSITIVES,
    negatives: Mapping[str, int] = NEGATIVES,
) -> list[tuple[str, str, str, object]]:
    """Return the probe lines of a lane: class, name, accession, count."""
    groups = {"Endogenous": genes, "Housekeeping": housekeeping, "Positive": positives, "Negative": negatives}
    return [
        (kind, name, f"{kind[0]}M_{i:05d}.1", count)
        for kind, group in groups.items()
        for i, (name, count) in enumerate(group.items(), 1)
    ]


def text(
    probes: Sequence[tuple[str, str, str, object]] | None = None,
    *,
    lane: object = 1,
    fov: tuple[object, object] = (280, 275),
    density: object = 0.8,
    scanner: str = "1906C0614",
    rlf: str = "IFN_v1",
    cartridge: str = "30102498310821",
    rcc_id: str = "Mustermann Erika",
    end: str = "\n",
    version: str = "1.7",
) -> str:
    """Return the text of an RCC file."""
    rows = "\n".join(",".join(str(c) for c in p) for p in (classes() if probes is None else probes))
    return f"""<Header>
FileVersion,{version}
SoftwareVersion,4.0.0.3
</Header>

<Sample_Attributes>
ID,{rcc_id}
Owner,dr.who
Comments,born 2011-02-03
Date,20240131
GeneRLF,{rlf}
SystemAPF,n6_vDV1
</Sample_Attributes>

<Lane_Attributes>
ID,{lane}
FovCount,{fov[0]}
FovCounted,{fov[1]}
ScannerID,{scanner}
StagePosition,3
BindingDensity,{density}
CartridgeID,{cartridge}
CartridgeBarcode,
</Lane_Attributes>

<Code_Summary>
CodeClass,Name,Accession,Count
{rows}
</Code_Summary>

<Messages>
</Messages>
""".replace("\n", end)


def write(path: Path, probes: Sequence[tuple[str, str, str, object]] | None = None, **facts: object) -> Path:
    """Write an RCC file; a name that ends in .gz is compressed."""
    data = text(probes, **facts).encode()  # type: ignore[arg-type]
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def plex(
    counts: Mapping[int, Mapping[str, int]], housekeeping: Mapping[int, Mapping[str, int]]
) -> list[tuple[str, str, str, object]]:
    """Return the probe lines of a PlexSet lane: set -> gene -> count."""
    rows: list[tuple[str, str, str, object]] = [("Positive", f"POS_{k}", "ERCC_00002.1", 10000 + k) for k in counts]
    rows += [("Negative", f"NEG_{k}", "ERCC_00019.1", k) for k in counts]
    for k in counts:
        rows += [(f"Endogenous{k}s", g, f"NM_{g}.1", c) for g, c in counts[k].items()]
        rows += [(f"Housekeeping{k}s", g, f"NM_{g}.1", c) for g, c in housekeeping[k].items()]
    return rows


def collector(columns: Mapping[str, Mapping[str, object]], lanes: Sequence[Sequence[tuple[str, str, str, object]]]) -> str:
    """Return an RCC Collector table: attribute -> file -> value, and the probe lines of every lane."""
    files = list(next(iter(columns.values())))
    rows = [f"File Name,,,{','.join(files)}"]
    rows += [f"{key},,,{','.join(str(v) for v in values.values())}" for key, values in columns.items()]
    for i, (kind, name, accession, _) in enumerate(lanes[0]):
        rows.append(f"{kind},{name},{accession},{','.join(str(lane[i][3]) for lane in lanes)}")
    return "\n".join(rows) + "\n"


#: Five synthetic lanes and what R makes of them.
WITNESS = Path(__file__).parent / "witness" / "nanostring"
