"""Coverage: which share of each signature was found and used, and the picture that was looked at."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from matplotlib import pyplot as plt
from tests import figures, images

import ifnscore as ifn
from ifnscore.errors import DataError

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
LOST = {"IFI27", "CXCL10", "ISG15", "MX1", "GBP2"}


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def poor(signatures="panel"):
    """Return the example cohort without some genes, and one gene without a spread in the controls of the skin."""
    adata, _ = figures.example()
    adata = adata[:, [g for g in adata.var_names if g not in LOST]].copy()
    skin = (adata.obs["tissue"] == "skin").to_numpy()
    adata.X[skin, list(adata.var_names).index("RTP4")] = 0
    ifn.tl.score(adata, signatures, controls="is_control", donor="donor_id", reference_by="tissue")
    return adata


def words(ax):
    return [t.get_text() for t in ax.texts]


def test_bars_are_the_table_and_lines_what_a_score_needs():
    adata, _ = figures.example()
    ax = ifn.pl.coverage(adata)
    table = ifn.get.coverage(adata).drop_duplicates("signature")
    used = [p.get_width() for p in ax.patches if p.get_gid() == "used"]
    assert used == pytest.approx(list(table["n_used"] / table["n_genes"]))
    least = [line.get_xdata()[0] for line in ax.lines if line.get_gid() == "least"]
    assert least == pytest.approx(list(table["min_coverage"]))
    assert "formula of rice2013_ags6, not the rice2013_ags6 assay" in words(ax)
    assert "28 of 28 genes" in words(ax)


def test_signatures_without_a_score_are_hatched_and_say_so():
    adata = poor()
    ax = ifn.pl.coverage(adata)
    used = {round(p.get_y() + p.get_height() / 2): p for p in ax.patches if p.get_gid() == "used"}
    said = words(ax)
    assert "4 of 6 genes: NO SCORE" in said
    assert "missing: ISG15, IFI27" in said or "missing: IFI27, ISG15" in said
    assert used[0].get_hatch()
    assert "without a score" in ax.get_title(loc="left")
    wide = ifn.get.scores_wide(adata)
    names = [t for t in said if t.partition(" (")[0] in wide.columns]
    for i, name in enumerate(names):
        signature, _, where = name.partition(" (")
        here = (adata.obs["tissue"] == where.rstrip(")")).to_numpy() if where else slice(None)
        assert bool(used[i].get_hatch()) == wide.loc[here, signature].isna().all()


def test_strata_that_differ_have_rows_of_their_own():
    said = words(ifn.pl.coverage(poor()))
    assert "kim2018_irg28_z (blood)" in said
    assert "kim2018_irg28_z (skin)" in said
    assert "rice2013_ags6" in said
    assert any(t.startswith("not usable: RTP4") for t in said)


def test_many_signatures_have_one_line_each():
    adata, _ = figures.simple(3)
    names = [s for s in ifn.signatures.ids() if ifn.signatures.get(s).formula.method != "mean_linear"][:40]
    ifn.tl.score(adata, names, controls="group == 'healthy'")
    ax = ifn.pl.coverage(adata)
    table = ifn.get.coverage(adata)
    assert len(ax.get_yticklabels()) == 40
    first = table.iloc[0]
    assert words(ax)[0] == f"{first['n_used']} of {first['n_genes']}"
    images_row = [t for t in words(ax) if t.endswith("no score")]
    low = table[(table["coverage"] < table["min_coverage"] - 1e-9) | (table["n_used"] == 0)]
    assert len(images_row) == len(low)


def test_pictures(tmp_path):
    images.same(ifn.pl.coverage(figures.example()[0]), "coverage_example", tmp_path)
    images.same(ifn.pl.coverage(poor(["rice2013_ags6", "kim2018_irg28_geomean", "aybey_ifn2_6"])), "coverage_missing", tmp_path)
    adata, _ = figures.simple(3)
    ifn.tl.score(adata, [*ifn.signatures.PANEL, *ifn.signatures.ids()[20:30]], controls="group == 'healthy'")
    images.same(ifn.pl.coverage(adata), "coverage_many", tmp_path)


def test_the_picture_would_notice_one_gene(tmp_path):
    adata, _ = figures.example()
    table = adata.uns["ifnscore"]["ifn_published"]["coverage"].copy()
    table.loc[table["signature"] == "aybey_ifn2_6", "n_used"] = 5
    adata.uns["ifnscore"]["ifn_published"] = {**adata.uns["ifnscore"]["ifn_published"], "coverage": table}
    images.differs(ifn.pl.coverage(adata), "coverage_example", tmp_path)


def test_given_axes_are_used_and_tables_refused():
    _, ax = plt.subplots()
    assert ifn.pl.coverage(figures.simple(3)[0], ax=ax) is ax
    with pytest.raises(DataError, match="does not say which genes were found"):
        ifn.pl.coverage(pd.DataFrame({"sample": ["a"], "rice2013_ags6": [1.0]}))
    with pytest.raises(DataError, match="no scores under 'x'"):
        ifn.pl.coverage(figures.simple(3)[0], key="x")


def test_small_axes_have_one_line_a_signature_in_type_that_fits():
    adata, _ = figures.example()
    with ifn.pl.style():
        figure, four = plt.subplots(2, 2, figsize=(3.35, 3.6), layout="constrained")
        for ax in four.flat:
            ifn.pl.coverage(adata, ax=ax)
    figure.canvas.draw()
    for ax in four.flat:
        boxes = [t.get_window_extent() for t in ax.get_yticklabels()]
        assert all(b.y1 <= a.y0 + 1.5 for a, b in itertools.pairwise(boxes))
        assert max(len(t.get_text()) for t in ax.get_yticklabels()) <= 12
        assert words(ax)[0] == "6/6"
        assert ax.get_tightbbox().x1 <= figure.bbox.x1 + 1


def test_what_a_score_needs_is_light_on_a_dark_page():
    with plt.style.context("dark_background"):
        ax = ifn.pl.coverage(figures.example()[0])
    assert {line.get_color() for line in ax.lines if line.get_gid() == "least"} == {"#ffffff"}
