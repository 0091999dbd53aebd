"""Inputs and output of the Python scripts of this folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
DATA = ("log", "log1p", "cpm", "half")


def matrix_of(data: str) -> pd.DataFrame:
    """Return samples x genes; see README.md. A name that ends in "varying": without genes that are constant over the samples."""
    if data.endswith(" varying"):
        whole = matrix_of(data.removesuffix(" varying"))
        return whole.loc[:, whole.nunique() > 1]
    x = pd.read_csv(HERE / ("counts.csv" if data in {"counts", "log1p", "cpm"} else "log.csv"), index_col=0).astype(float).T
    if data in {"log1p", "cpm"}:
        share = x.div(x.sum(axis=1), axis=0)
        return np.log1p(share * 1e4) if data == "log1p" else np.log2(share * 1e6 + 1)
    return x.drop(columns=roles_of("not in half")) if data == "half" else x


def roles_of(role: str) -> list[str]:
    roles = pd.read_csv(HERE / "roles.csv")
    return roles.loc[roles["role"] == role, "gene"].tolist()


def network() -> pd.DataFrame:
    return pd.read_csv(HERE / "sets.csv")


def sets_of(*, halved: bool) -> dict[str, list[str]]:
    """Return sets without genes that go down and, where `halved`, up and down genes of the others as two sets."""
    net = network()
    down = set(net.loc[net["weight"] < 0, "source"])
    sets = {s: part["target"].tolist() for s, part in net.groupby("source", sort=False) if s not in down}
    for s, part in net[net["source"].isin(down)].groupby("source", sort=False):
        if halved:
            sets[f"{s}_up"] = part.loc[part["weight"] > 0, "target"].tolist()
            sets[f"{s}_down"] = part.loc[part["weight"] < 0, "target"].tolist()
    return sets


class Kept:
    """Answers, written as one table."""

    def __init__(self) -> None:
        self.parts: list[pd.DataFrame] = []

    def __call__(self, data: str, call: str, answer: pd.DataFrame) -> None:
        """Keep an answer, samples x sets."""
        part = answer.astype(float).T
        part.insert(0, "set", part.index)
        part.insert(0, "call", call)
        part.insert(0, "data", data)
        self.parts.append(part)

    def save(self, name: str) -> None:
        pd.concat(self.parts).to_csv(HERE / name, index=False, float_format="%.15g", lineterminator="\n")
