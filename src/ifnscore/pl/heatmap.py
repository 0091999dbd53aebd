"""Genes by samples: how far every gene is from the healthy controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ifnscore._lazy import np, pd
from ifnscore.analysis import _expressed
from ifnscore.errors import DataError, listing
from ifnscore.pl import _below, _groups, _style
from ifnscore.pl._ink import ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ifnscore.cohort import Cohort
    from ifnscore.scoretable import Scored

#: Most genes that are all named, and most samples and patients.
GENES, SAMPLES, PATIENTS = 60, 40, 40
#: Most samples that are drawn; of more, an even part of every group, at least so many.
DRAWN, AT_LEAST = 400, 12
#: Width of a figure in inches from which groups have long names; height of axes from which samples have upright ones.
ROOMY, UPRIGHT = 4.6, 1.2
#: Least room for a name, in points.
SMALLEST = 5.5
#: Where the colours may end, in standard deviations: the first of these that leaves at most 2 % of the values beyond.
ENDS, BEYOND = (2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100), 0.02
#: From low to high through white. The high end is much darker than the low one, so that the two differ in grey too.
LOW, HIGH = ("#56B4E9",), ("#F0A060", "#D55E00", "#6B2400")
#: Heights of the parts above, in inches.
SCORE, BAR, GAP = 0.55, 0.14, 0.06


def heatmap(
    scored: Scored,
    *,
    signature: str | None = None,
    cohort: Cohort | None = None,
    by: str | None = None,
    tissue: str | None = None,
    key: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the expression of a signature's genes in every sample, with scores and groups above.

    Colour is z of log2 expression: how many standard deviations a value is from the mean of the healthy controls of the same
    stratum and tissue (repeats of one control averaged), or, where there are no three controls anywhere, of all samples. The
    figure says which of the two, where the colours end and how much lies beyond. Genes stand in the order of their median z.

    Parameters
    ----------
    scored
        AnnData that :func:`ifnscore.tl.score` wrote to.
    signature
        Whose genes; None for the primary one, without a cohort the first on a log scale.
    cohort
        Samples stand in the order of patient and day then, patients under codes, with a row for every phase of the drug.
    by
        Column whose values make the groups (see :func:`ifnscore.pl.scores`). Without a cohort samples stand in the order of group
        and score.
    tissue
        With a cohort: samples of this tissue; None for all, the tissues beside each other.
    key
        ``obsm`` key of the scores; None for the latest.
    ax
        Axes to draw into; None for a new figure.

    Returns
    -------
    Axes
        Genes by samples; scores and groups are inset axes above.

    Raises
    ------
    DataError
        `scored` is a table of scores, no gene was found, or there are too few samples to compare with.
    UsageError
        There is no such tissue, or there are too many groups.
    """
    shown = _groups.shown(scored, by=by, signature=signature, cohort=cohort, tissue=tissue, all_tissues=True, key=key)
    # by code: the order of the patients in the files would give the codes away
    # the score, and then the name, so that the order of the samples in the file does not matter
    order = ["tissue", "control", "patient_id", "day", "group", "score"] if cohort is not None else ["group", "score"]
    down = [o != "control" for o in order]
    rows = shown.rows.sort_index().sort_values(order, ascending=down, kind="stable", na_position="last")
    z, beside, lost = _z(shown, rows)
    whole = len(z)
    z = z.loc[_thinned(rows.loc[z.index, "group"])]
    rows = rows.loc[z.index]
    bars = _bars(shown, rows, cohort is not None, by)
    above = SCORE + BAR * len(bars) + 3 * GAP
    ax = _style.axes(ax, (min(max(4.4, 2.4 + 0.09 * len(z)), 8.5), min(1.5 + 0.13 * len(z.columns), 8.0) + above))
    end = next((e for e in ENDS if (z.abs() > e).to_numpy().mean() <= BEYOND), ENDS[-1])
    image = ax.imshow(z.T.to_numpy(), aspect="auto", cmap=_map(), vmin=-end, vmax=end, interpolation="nearest")
    _room(ax, above)
    _above(ax, shown, rows, bars)
    _colours(ax, image, end)
    ax.tick_params(length=0, pad=2)
    of = f" of {whole:,} samples, evenly drawn" if whole > len(z) else " samples"
    ax.set_xlabel(f"{len(z)}{of}" + (", by patient and day" if cohort is not None else ""))
    ax.set_yticks([0], [max(z.columns, key=len)])  # as wide as the names will be
    _below.laid_out(ax)
    _below.titled(ax, _style.shortened(shown.column.id, 30), shown.title)
    _below.laid_out(ax)
    _samples(ax, rows)
    _below.laid_out(ax)
    said = _genes(ax, list(z.columns))
    _below.notes(ax, [], [_said(z, end, beside), said, *lost])
    _below.laid_out(ax)
    if (now := _genes(ax, list(z.columns))) != said:  # the notes took height from the genes
        _below.notes(ax, [], [_said(z, end, beside), now, *lost])
    return ax


def _thinned(group: pd.Series) -> list[str]:
    """Return the samples to draw: all, or of so many that none would be seen a part, spread evenly over each group."""
    if len(group) <= DRAWN:
        return list(group.index)
    place = pd.Series(np.arange(len(group)), index=group.index)
    kept: list[int] = []
    for _, part in place.groupby(group.to_numpy()):
        some = min(len(part), max(AT_LEAST, round(DRAWN * len(part) / len(group))))
        kept += list(part.to_numpy()[np.unique(np.linspace(0, len(part) - 1, some).round().astype(int))])
    return [str(group.index[i]) for i in sorted(kept)]


def _z(shown: _groups.Shown, rows: pd.DataFrame) -> tuple[pd.DataFrame, str, list[str]]:
    """Return z of shape (n_samples, n_genes), what it is measured against, and what is left out."""
    expressed = _expressed.read(shown.scores, [str(s) for s in rows.index], [shown.column.id])
    if expressed is None:
        msg = "a table of scores holds no genes: give the AnnData that was scored (or its small scored file)"
        raise DataError(msg)
    genes = list(expressed.of_signature.get(shown.column.id, {}))
    if not genes:
        msg = f"no gene of {shown.column.id} is in the matrix"
        raise DataError(msg)
    values = expressed.log2[genes]
    within = rows["stratum"].astype(str) + "\0" + rows["tissue"].astype(str)
    beside = "healthy controls"
    z = _expressed.z(values, within, rows["person"], rows["control"])
    if z.isna().all(axis=None):
        beside = "all samples"
        z = _expressed.z(values, within, pd.Series(rows.index, index=rows.index), pd.Series(data=True, index=rows.index))
    if z.isna().all(axis=None) and within.value_counts().max() >= _expressed.FEWEST:
        msg = f"no gene of {shown.column.id} differs between the samples: without spread there is no z"
        raise DataError(msg)
    if z.isna().all(axis=None):
        msg = f"too few samples to compare with: z needs {_expressed.FEWEST} healthy controls, or {_expressed.FEWEST} samples"
        raise DataError(msg)
    lost, alone = [], z.isna().all(axis=1)
    if alone.any():
        lost.append(f"{int(alone.sum())} samples not shown: fewer than {_expressed.FEWEST} {beside} of their own")
    z = z[~alone]
    flat = [g for g in genes if z[g].isna().any()]
    if flat:
        lost.append(f"not shown, no spread in the {beside}: {listing(flat, 6)}")
    z = z.drop(columns=flat)
    subject = z[~rows.loc[z.index, "control"]] if (~rows.loc[z.index, "control"]).any() else z
    return z[subject.median().sort_values(ascending=False, kind="stable").index], beside, lost


def _map() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    low = [(0.0, LOW[0]), (0.5, "white")]
    high = [(0.5 + 0.5 * (i + 1) / len(HIGH), c) for i, c in enumerate(HIGH)]
    return LinearSegmentedColormap.from_list("ifnscore_z", [*low, *high])


def _said(z: pd.DataFrame, end: float, beside: str) -> str:
    beyond = float((z.abs() > end).to_numpy().mean())
    more = f"; {beyond:.1%} of the values lie beyond" if beyond else ""
    return f"z of log2 expression against {beside}; colours end at \N{PLUS-MINUS SIGN}{end:g}{more}"


def _room(ax: Axes, inches: float) -> None:
    """Make room for what stands above the axes, where no layout engine does it."""
    figure = _below.root(ax)
    if figure.get_layout_engine() is None:
        box = ax.get_position()
        ax.set_position((box.x0, box.y0, box.width, max(box.height - inches / figure.get_figheight(), 0.2 * box.height)))


def _genes(ax: Axes, genes: list[str]) -> str:
    """Name the genes, in type that fits, every second or so where there are too many; return the label of y if it has no room."""
    high = _below.inches(ax)[1] * 72 / len(genes)
    step = max(-(-len(genes) // GENES), int(np.ceil(SMALLEST / high)))
    size = min(_below.type_size(), high * step)
    names = [_style.plain(_style.shortened(g, 14)) for g in genes[::step]]
    ax.set_yticks(range(0, len(genes), step), names, fontsize=size)
    text = f"{len(genes)} genes" + (f", one of {step} named" if step > 1 else "")
    fits = len(text) * 0.55 * _below.type_size("medium") <= _below.inches(ax)[1] * 72
    ax.set_ylabel(text if fits else "")
    return "" if fits else text


def _samples(ax: Axes, rows: pd.DataFrame) -> None:
    """Name the patients, or without a cohort the samples, where there is room."""
    if "patient_id" in rows:
        named = _patients(ax, rows)
    else:
        named = [(float(i), _style.shortened(s, 12)) for i, s in enumerate(rows.index)] if len(rows) <= SAMPLES else []
    wide = _below.inches(ax)[0] * 72 / len(rows)
    gap = wide * min(np.diff([x for x, _ in named]), default=float(len(rows)))
    if gap < SMALLEST:
        named = []
    if "patient_id" not in rows and _below.inches(ax)[1] < UPRIGHT:  # upright names would take the room of the map
        named = []
    across = gap < 5 * max((len(name) for _, name in named), default=0)
    ax.set_xticks([x for x, _ in named], [_style.plain(n) for _, n in named], rotation=90 if across else 0, fontsize="x-small")


def _colours(ax: Axes, image: Any, end: float) -> None:
    inset = ax.inset_axes((1.015, 0.0, 0.025, 1.0))
    bar = _below.root(ax).colorbar(image, cax=inset, ticks=[-end, -end / 2, 0, end / 2, end], extend="both")
    bar.ax.set_yticklabels([f"{t:g}".replace("-", "\N{MINUS SIGN}") for t in (-end, -end / 2, 0, end / 2, end)], fontsize="small")
    bar.outline.set_linewidth(0.5)
    bar.ax.set_title("z", fontsize="small", pad=3)


def _bars(shown: _groups.Shown, rows: pd.DataFrame, coded: bool, by: str | None) -> list[tuple[str, Any, str]]:  # noqa: FBT001
    """Return one bar a group: its name, which samples are in it, its colour; place says it all, colour only helps."""
    found: list[tuple[str, Any, str]] = []
    if coded and rows["tissue"].nunique() > 1:
        found += [(str(t), (rows["tissue"] == t).to_numpy(), _style.GREY) for t in dict.fromkeys(rows["tissue"])]
    labels: dict[str, tuple[Any, str]] = {}
    split = coded or len({g.stratum for g in shown.groups}) == 1
    for i, group in enumerate(shown.groups):
        name = group.label.removesuffix(f", {_groups.values_of(group.stratum)}") if split and group.stratum else group.label
        here = (rows["group"] == i).to_numpy()
        if here.any():
            before = labels.get(name, (np.zeros(len(rows), dtype=bool), ""))[0]
            labels[name] = (before | here, group.mark.colour)
    if len(labels) == 1 and by is None:
        return found
    return [*found, *((name, here, colour) for name, (here, colour) in labels.items())]


def _above(ax: Axes, shown: _groups.Shown, rows: pd.DataFrame, bars: list[tuple[str, Any, str]]) -> None:
    """Draw the bars and the scores above the heatmap, each part a few millimetres high whatever the size of the figure."""
    from matplotlib.transforms import ScaledTranslation, blended_transform_factory

    up = _below.root(ax).dpi_scale_trans + ScaledTranslation(0, 1, ax.transAxes)  # type: ignore[arg-type]
    inches_above = blended_transform_factory(ax.transAxes, up)
    top = GAP
    for name, here, colour in reversed(bars):
        _bar(ax.inset_axes((0, top, 1, 0.8 * BAR), transform=inches_above, sharex=ax), name, here, colour)
        top += BAR
    score = ax.inset_axes((0, top + GAP, 1, SCORE), transform=inches_above, sharex=ax)
    _style.tidy(score, grid="y")
    score.plot(np.arange(len(rows)), rows["score"].to_numpy(), linestyle="", marker=".", markersize=4, color=ink())
    score.tick_params(labelbottom=False, bottom=False, labelsize="x-small")
    score.locator_params(axis="y", nbins=3)
    score.set_ylabel(_style.plain(f"score\n({shown.column.unit})"), fontsize="small", rotation=0, ha="right", va="center")
    ax.set_xlim(-0.5, len(rows) - 0.5)


def _bar(ax: Axes, name: str, here: Any, colour: str) -> None:
    from matplotlib import colors

    ax.set_facecolor(colors.to_rgba(_style.GREY, 0.12))
    ax.bar(np.flatnonzero(here), 1.0, width=1.0, color=colour, linewidth=0)
    ax.set_ylim(0, 1)
    ax.set_yticks([0.5], [_style.plain(_style.shortened(name, 24 if _below.cell_width(ax) >= ROOMY else 16))], fontsize="small")
    ax.tick_params(length=0, labelbottom=False)
    ax.spines[:].set_visible(False)


def _patients(ax: Axes, rows: pd.DataFrame) -> list[tuple[float, str]]:
    """Part the patients by thin lines; return the middle of each and the code."""
    if rows["patient_id"].nunique() > PATIENTS:
        return []
    blocks = (rows[["tissue", "patient_id"]] != rows[["tissue", "patient_id"]].shift()).any(axis=1).cumsum().to_numpy()
    starts = np.flatnonzero(np.diff(blocks, prepend=-1))
    ends = np.append(starts[1:], len(rows))
    for start in starts[1:]:
        ax.axvline(start - 0.5, color="white", linewidth=1.2)
    codes = [str(rows["patient_id"].iloc[s]) for s in starts]
    return [((s + e - 1) / 2, c) for s, e, c in zip(starts, ends, codes, strict=True) if c]
