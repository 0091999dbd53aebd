"""What the report says: numbers are those of the verbs, what is missing is named, and nobody can be found in it."""

from __future__ import annotations

import base64
import dataclasses
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from tests import cohorts, figures
from tests.clinic_cohorts import clinic, on_drug, pairs

import ifnscore as ifn
from ifnscore.errors import DataError, UsageError
from ifnscore.report._model import Bullets, Details, Download, Figure, Note, Paragraph, Quote, Table

pytestmark = pytest.mark.filterwarnings("ignore::ifnscore.errors.IfnscoreWarning")
GEOMEAN = "kim2018_irg28_geomean"
#: Two of eight scores: what does not depend on the others need not wait for them.
QUICK = {"scores": [GEOMEAN, "aybey_ifn2_6"], "rng": 1}
WITH_COHORT = ["summary", "who", "scores", "types", "link", "genes", "sensitivity", "eular", "methods", "provenance"]
ALONE = ["summary", "scores", "types", "genes", "eular", "methods", "provenance"]
HOSTILE = "a|b`<script>alert(1)</script>$x$\n[l](http://evil.example)\u202e"


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def example():
    adata, cohort = figures.example()
    return adata, cohort, ifn.report.document(adata, cohort, rng=1)


def flat(blocks):
    for block in blocks:
        yield block
        if isinstance(block, Details):
            yield from flat(block.blocks)
        if isinstance(block, Figure) and block.table is not None:
            yield block.table


def every(document, kind, section=None):
    return [b for s in document.sections if section in {None, s.id} for b in flat(s.blocks) if isinstance(b, kind)]


def table(document, name):
    return next(t for t in every(document, Table) if t.name == name)


def missing(document, section=None):
    return [n.text for n in every(document, Note, section) if n.kind == "missing"]


def short_limits(document):
    return next(b.items for b in every(document, Bullets, "summary") if b.title == "What cannot be concluded")


def limits(document):
    folded = [b for b in every(document, Details, "summary") if b.summary == "More limits"]
    return (*short_limits(document), *(line for b in flat(folded) if isinstance(b, Bullets) for line in b.items))


def words(document):
    """Return everything that a reader can read or download, as one text."""
    parts = [document.title, document.subtitle, *(f"{k} {v}" for k, v in document.facts)]
    for section in document.sections:
        parts += [section.id, section.title]
        for block in flat(section.blocks):
            match block:
                case Paragraph(text, title) | Quote(text, title):
                    parts += [text, title]
                case Bullets(items, title):
                    parts += [*items, title]
                case Note(text):
                    parts.append(text)
                case Table():
                    parts += [block.name, block.caption, *(block.columns or {}).values(), block.frame.to_csv()]
                case Figure():
                    parts += [block.name, block.caption, block.alt]
                case Details(summary):
                    parts.append(summary)
                case Download():
                    parts += [block.name, block.label, block.text]
    return "\n".join(parts)


def test_every_part_is_there_and_the_first_screen_has_what_it_must(example):
    _, _, document = example
    assert [s.id for s in document.sections] == WITH_COHORT
    first = document.sections[0].blocks
    assert [b.name for b in flat(first) if isinstance(b, Figure)] == ["every_patient", "change_with_change"]
    assert not any(isinstance(b, Note) for b in first)  # the banner says synthetic
    assert [type(b).__name__ for b in first[:2]] == ["Paragraph", "Figure"]
    assert "8 scores in 39 samples of 6 patients on tofacitinib" in document.subtitle
    assert document.synthetic
    text = " ".join(b.text for b in first if isinstance(b, Paragraph))
    assert "95 % interval" in text
    assert "rho" in text
    assert not missing(document)


def test_names_of_tables_and_figures_are_unique(example):
    for document in (example[2], ifn.report.document(example[0])):
        names = [b.name for b in every(document, Table)]
        assert len(names) == len(set(names))
        drawn = [b.name for b in every(document, Figure)]
        assert len(drawn) == len(set(drawn))
        assert all(f.table is not None for f in every(document, Figure))
        assert all(f.alt and f.caption for f in every(document, Figure))


def test_numbers_are_those_of_the_verbs(example):
    adata, cohort, document = example
    change = ifn.tl.compare(adata, cohort, rng=1)
    link = ifn.tl.associate(adata, cohort, rng=1)
    pd.testing.assert_frame_equal(table(document, "main_change").frame, change.table.head(1))
    pd.testing.assert_frame_equal(table(document, "compare").frame, change.table)
    pd.testing.assert_frame_equal(table(document, "associate").frame, link.table)
    mine = change.tables["patients"].query(
        f"signature == '{GEOMEAN}' and tissue == 'blood' and contrast == 'followup_minus_baseline'"
        " and estimand == 'while_on_treatment'"
    )
    pd.testing.assert_frame_equal(table(document, "pairs_of_samples").frame, mine.reset_index(drop=True))
    flow = table(document, "flow").frame
    steps = flow.groupby("step")["n_patients"].sum()
    assert steps["entered"] == steps["excluded"] + steps["analysed"] == 6
    said = {text for _, text in (*change.sentences, *link.sentences)}
    shown = words(document)
    left = [t for t in said if t not in shown and not t.startswith("SYNTHETIC")]
    assert not left


def test_samples_behind_the_paired_figure_are_all_of_the_tissue_with_their_scores(example):
    adata, cohort, document = example
    shown = table(document, "samples").frame
    rows = cohort.samples[(cohort.samples["tissue"] == "blood") & ~cohort.samples["is_control"]]
    score = np.log2(ifn.get.scores_wide(adata).loc[rows["sample_id"], GEOMEAN]).to_numpy()
    want = sorted(zip(rows["patient_id"].map(cohort.codes), rows["day"], score.round(9), strict=True))
    assert sorted(zip(shown["patient_id"], shown["day"], shown["score"].round(9), strict=True)) == want
    behind = table(document, "type_balance").frame
    assert len(behind) == 39 + int(cohort.samples["is_control"].sum())


def test_contributions_are_means_over_patient_samples_in_log2(example):
    adata, cohort, document = example
    parts = ifn.get.contributions(adata, GEOMEAN)
    patients = cohort.samples.loc[~cohort.samples["is_control"], "sample_id"]
    want = (parts.loc[patients] / np.log(2)).mean()
    shown = table(document, "contributions").frame.set_index("gene")
    np.testing.assert_allclose(shown.loc[want.index, "mean"], want)
    assert shown["share"].sum() == pytest.approx(1)
    score = np.log2(ifn.get.scores_wide(adata).loc[patients, GEOMEAN]).mean()
    assert shown["mean"].sum() == pytest.approx(score)


def test_what_cannot_be_concluded_names_every_limit_of_the_example(example):
    text = " ".join(limits(example[2]))
    for part in (
        "5 patients cannot reject anything at 0.05",
        "There is no untreated arm",
        "blood cells or of the steroid dose is not ruled out",
        "Left out: 1 patient",
        "made in adults",
        "no score names the interferon",
        "no proof of benefit",
        "off the platform",
        "no cut-off: 8 independent controls, 10 needed",
        "depends on the samples that were scored together",
    ):
        assert part in text, part


def test_sensitivity_has_one_table_a_question(example):
    have = [t.name for t in every(example[2], Table, "sensitivity")]
    want = ["leave_one_out", "windows", "interruption", "blood_cells", "regression_to_mean", "link_variants", "lags"]
    assert have == want
    kinds = set(table(example[2], "interruption").frame["estimand"])
    assert kinds == {"while_on_treatment", "treatment_policy", "composite"}


def test_methods_and_references_can_be_pasted(example):
    document = example[2]
    quote = every(document, Quote)[0].text
    assert quote.startswith("SYNTHETIC data. Interferon scores were computed with ifnscore")
    assert quote.count("SYNTHETIC") == 1
    assert "14 healthy controls (blood)" in quote
    file = next(d for d in every(document, Download) if d.name == "references.bib")
    for signature in ifn.signatures.PANEL:
        doi = ifn.signatures.get(signature).source.doi
        assert doi == "unknown" or doi in file.text


def test_all_tables_of_a_synthetic_cohort_say_so(example):
    assert all((t.frame["data"] == "SYNTHETIC").all() for t in every(example[2], Table) if len(t.frame))


def test_every_figure_can_be_drawn(example):
    document = example[2]
    for one in every(document, Figure):
        _, ax = plt.subplots(figsize=one.size)
        one.draw(ax)
        assert not any("cannot be drawn" in t.get_text() for t in ax.texts), one.name
        plt.close("all")


def test_table1_has_its_warnings_and_can_be_suppressed(example):
    adata, cohort, document = example
    notes = [n.text for n in every(document, Note, "who")]
    assert any("Fewer than 10 patients" in n for n in notes)
    assert any("small cells" in n for n in notes)
    hidden = ifn.report.document(adata, cohort, suppress=True, **QUICK)
    want = ifn.tl.compare(adata, cohort, suppress=True, **QUICK).tables["table1"]
    want = want[want["section"] != "note"].reset_index(drop=True)
    pd.testing.assert_frame_equal(table(hidden, "table1").frame, want)
    assert any("hidden in Table 1 only" in n.text for n in every(hidden, Note, "who"))


def test_same_seed_same_report(example):
    adata, cohort, _ = example
    one, other = (words(ifn.report.document(adata, cohort, **QUICK)) for _ in range(2))
    assert one == other


# ------------------------------------------------------------------------------------------------ what is missing is named


def test_a_table_of_scores_with_a_cohort_names_what_it_lacks(example):
    adata, cohort, _ = example
    wide = ifn.get.scores_wide(adata)[[GEOMEAN]].rename(columns={GEOMEAN: "mine"}).rename_axis("sample").reset_index()
    document = ifn.report.document(wide, cohort, scores="mine", score_type="ratio", rng=1)
    assert [s.id for s in document.sections] == WITH_COHORT
    named = " ".join(missing(document))
    for part in ("Coverage of the genes", "Cut-offs", "Formula and source of mine", "heatmap", "Provenance", "Type I against"):
        assert part in named
    assert any("came as a table" in line for line in limits(document))
    want = ifn.tl.compare(wide, cohort, scores="mine", score_type="ratio", rng=1).table.head(1)
    pd.testing.assert_frame_equal(table(document, "main_change").frame, want)


def test_no_outcome_at_all(example):
    adata, cohort, _ = example
    bare = dataclasses.replace(cohort, outcomes=cohort.outcomes.iloc[:0])
    document = ifn.report.document(adata, bare, **QUICK)
    assert len(missing(document, "link")) == 1
    assert "no outcome cdasi_activity" in missing(document, "link")[0].lower()
    assert len(missing(document, "summary")) == 1
    assert [f.name for f in every(document, Figure, "summary")] == ["every_patient"]
    assert any("clinical measure" in line for line in limits(document))


def test_no_primary_measure_is_not_chosen_silently(example):
    adata, cohort, _ = example
    settings = dataclasses.replace(cohort.settings, primary_instrument=None, primary_response=None)
    document = ifn.report.document(adata, dataclasses.replace(cohort, settings=settings), **QUICK)
    assert "recorded: cdasi_activity, cdasi_damage" in missing(document, "link")[0]
    asked = ifn.report.document(adata, dataclasses.replace(cohort, settings=settings), outcome="skin_vas", **QUICK)
    assert not missing(asked, "summary")
    assert set(table(asked, "associate").frame["outcome"]) == {"skin_vas"}


def test_confounded_batches_leave_the_scores_and_say_why():
    cohort = clinic([{**r, "batch": "A" if r["day"] < 0 else "B"} for r in pairs(4)], on_drug(4))
    scores = pd.DataFrame({"ifn": np.arange(8.0)}, index=pd.Index([f"k{i}{x}" for i in range(1, 5) for x in "ab"], name="sample"))
    document = ifn.report.document(scores, cohort, scores="ifn", score_type="log", rng=1)
    assert "a change of the score cannot be told from a difference between runs" in missing(document, "summary")[0]
    assert missing(document, "sensitivity")
    assert table(document, "table1").frame is not None
    allowed = clinic(
        [{**r, "batch": "A" if r["day"] < 0 else "B"} for r in pairs(4)], on_drug(4), "[batch]\nallow_confounded = true\n"
    )
    document = ifn.report.document(scores, allowed, scores="ifn", score_type="log", rng=1)
    assert any("No p is given" in line for line in limits(document))


def test_nobody_has_a_pair():
    cohort = clinic([r for r in pairs(3) if r["day"] < 0], on_drug(3))
    scores = pd.DataFrame({"ifn": [1.0, 2.0, 3.0]}, index=pd.Index([f"k{i}a" for i in range(1, 4)], name="sample"))
    document = ifn.report.document(scores, cohort, scores="ifn", score_type="log", rng=1)
    assert any("no patient has a pair, so nothing can be said" in line for line in limits(document))
    for one in every(document, Figure):
        _, ax = plt.subplots()
        one.draw(ax)


@pytest.mark.parametrize("n", [3, 40])
def test_a_simple_design_of_any_size(n):
    adata, cohort = figures.simple(n, arms=n > 3)
    document = ifn.report.document(adata, cohort, scores=["rice2013_ags6", "aybey_ifn2_6"], rng=1)
    assert f"{2 * n} samples of {n} patients" in document.subtitle
    few = [line for line in limits(document) if "cannot reject anything" in line]
    assert len(few) == (1 if n == 3 else 0)
    assert any("before against after" in line for line in limits(document))
    named = " ".join(missing(document))
    for part in ("Time lines", "Interruptions and stops", "Other windows", "simple design knows no clinical measure"):
        assert part in named
    genes = [f.name for f in every(document, Figure, "genes") if f.name.startswith("genes_change")]
    assert genes == (["genes_change"] if n == 3 else ["genes_change_placebo", "genes_change_tofacitinib"])
    visits = set(table(document, "samples").frame["phase"])
    assert visits == {"baseline", "follow-up"}


def test_arms_of_a_cohort(example):
    adata, cohort, _ = example
    document = ifn.report.document(adata, cohort, group="sex", **QUICK)
    rows = table(document, "main_change").frame
    assert list(rows["group"]) == ["F", "M"]
    assert any("Difference of the changes" in p.text for p in every(document, Paragraph, "summary"))


# ------------------------------------------------------------------------------------------------------- without a cohort


def test_scores_alone():
    adata = figures.simple(20)[0]
    document = ifn.report.document(adata, group="group", title="Twenty patients")
    assert [s.id for s in document.sections] == ALONE
    assert document.title == "Twenty patients"
    assert not document.synthetic
    groups = table(document, "scores_by_group").frame
    values = np.log2(ifn.get.scores_wide(adata)["rice2013_ags6"])
    for label, part in values.groupby(adata.obs["group"]):
        row = groups[(groups["signature"] == "rice2013_ags6") & (groups["group"] == label)].iloc[0]
        assert (row["n_samples"], row["median"]) == (len(part), pytest.approx(part.median()))
        assert (row["lowest"], row["highest"]) == (pytest.approx(part.min()), pytest.approx(part.max()))
    counted = table(document, "above_cutoff").frame.query("signature == 'rice2013_ags6' and group == 'JDM'").iloc[0]
    scores = ifn.get.scores(adata).query("signature == 'rice2013_ags6'")
    assert counted["n_above"] == int((scores.set_index("sample")["above_cutoff"] == True)[adata.obs["group"] == "JDM"].sum())  # noqa: E712
    assert any("no cohort was given" in line for line in limits(document))
    assert "No cohort was given" in " ".join(missing(document, "summary"))


def test_groups_are_controls_and_others_where_none_are_named():
    document = ifn.report.document(figures.simple(6)[0])
    assert set(table(document, "scores_by_group").frame["group"]) == {"healthy controls", "samples"}
    shown = table(document, "scores_of_samples").frame
    assert len(shown) == 24


def test_a_score_without_genes_is_not_on_the_first_screen():
    adata = ifn.datasets.hppt()
    ifn.tl.score(adata, controls="treatment == 'untreated'")
    document = ifn.report.document(adata, group="treatment")
    assert "kim2018_irg28_geomean" in dict(document.facts)["Main score"]
    text = " ".join(limits(document))
    assert document.subtitle.startswith("6 of 8 scores could be computed, of 15 samples")
    assert "2 of 8 scores could not be computed: rice2013_ags6 (5 of 6 genes usable, at least 100 % needed) and " in text
    assert text.count("rice2013_ags6") == 1
    assert "3 independent controls, 10 needed" in text


def test_without_controls():
    adata = ifn.datasets.hppt()
    ifn.tl.score(adata, "rice")
    document = ifn.report.document(adata)
    assert any("No healthy controls were scored" in n for n in missing(document, "scores"))
    assert set(table(document, "scores_by_group").frame["group"]) == {"samples"}


def test_signatures_of_ones_own_are_named_as_unknown():
    adata = figures.simple(4)[0]
    ifn.tl.score(adata, {"my own": ["ISG15", "MX1", "IFI44L"]}, controls="group == 'healthy'")
    document = ifn.report.document(adata)
    assert any("The catalogue does not know this name" in n for n in missing(document, "scores"))
    assert any("type" in n for n in missing(document, "types"))


# -------------------------------------------------------------------------------------------------- refused, before or after


def test_what_is_refused(example):
    adata, cohort, _ = example
    with pytest.raises(UsageError, match="needs a cohort"):
        ifn.report.document(adata, outcome="cdasi_activity")
    with pytest.raises(UsageError, match="Say which: cdasi_activity"):
        ifn.report.document(adata, cohort, outcome="cdasi_activit")
    with pytest.raises(UsageError, match="cdasi_abs4"):
        ifn.report.document(adata, cohort, response="cdasi_abs")
    with pytest.raises(UsageError, match="no such column"):
        ifn.report.document(adata, group="arm")
    with pytest.raises(UsageError, match="simple design"):
        ifn.report.document(*figures.simple(3), outcome="cdasi_activity")
    with pytest.raises(DataError, match="title: a label holds a calendar date"):
        ifn.report.document(adata, cohort, title="Seen on 2021-03-04")
    with pytest.raises(DataError, match="the id of a patient"):
        ifn.report.document(adata, cohort, title="About SYN-01")
    with pytest.raises(TypeError):
        ifn.report.markdown(adata, colour="blue")


def test_the_ending_says_the_form(tmp_path, example):
    adata, _, _ = example
    with pytest.raises(UsageError, match=r"use one of \.html, \.htm, \.md"):
        ifn.report.write(tmp_path / "report.pdf", adata)
    target = tmp_path / "report.md"
    ifn.report.write(target, adata)
    text = target.read_text(encoding="utf-8")
    assert text.startswith("# Interferon scores")
    with pytest.raises(DataError, match="exists"):
        ifn.report.write(target, adata)
    assert target.read_text(encoding="utf-8") == text
    ifn.report.write(target, adata, force=True, title="Once more")
    assert target.read_text(encoding="utf-8").startswith("# Once more")
    assert [p.name for p in tmp_path.iterdir()] == ["report.md"]


def test_importing_is_light():
    code = "import sys, ifnscore.report as r; r.document; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {m.split(".")[0] for m in loaded} & {"numpy", "pandas", "anndata", "matplotlib", "jinja2", "scipy"}


# ------------------------------------------------------------------------------------------------------------ nobody leaks

PEOPLE = {"P-a": "Xavierq0", "P-b": "Xavierq1", "007": "Xavierq2", "NA": "Xavierq3"}
SAMPLES = {f"{k}{i}": f"Zoeqq{k}{i}" for k, n in (("B", 9), ("K", 2), ("H", 3)) for i in range(1, n + 1)}


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    """Return a scored matrix and a cohort with ids, donors, dates and a path that must not get out."""
    root = tmp_path_factory.mktemp("Secretdir")
    tables = dict(cohorts.TABLES)
    for old, new in {**PEOPLE, **SAMPLES}.items():
        tables = {k: re.sub(rf"(?m)(^|,){old}(?=,)", rf"\g<1>{new}", t) for k, t in tables.items()}
    tables["samples"] = tables["samples"].replace(",d1,", ",Donorq1,").replace(",d2,", ",Donorq2,")
    tables["samples"] = tables["samples"].replace(f"{SAMPLES['H2']},{PEOPLE['NA']},", f"{SAMPLES['H2']},,")
    cohort = ifn.Cohort.read(cohorts.write(root / "cohort", **tables))
    genes = list(dict.fromkeys(g for s in ifn.signatures.resolve("panel") for g in s.genes if not g.startswith("AC00")))
    rng = np.random.default_rng(1)
    counts = pd.DataFrame(rng.poisson(60, (len(genes), len(SAMPLES))) + 1, index=genes, columns=list(SAMPLES.values()))
    path = root / "Hospital_2021-03-04.csv"
    counts.to_csv(path)
    adata = ifn.read(path)
    names = ", ".join(repr(SAMPLES[s]) for s in ("H1", "H2", "H3"))
    adata.obs["name"] = list(adata.obs_names)
    ifn.tl.score(adata, controls=f"name in [{names}]", scale="counts")
    return adata, cohort


FORBIDDEN = re.compile(r"Xavierq|Zoeqq|Donorq|Secretdir|Hospital_|2021-03-04|/tmp|pytest-of", re.IGNORECASE)


def leaks(text):
    found = [m[0] for m in FORBIDDEN.finditer(text)]
    for packed in re.findall(r"base64,([A-Za-z0-9+/=]{16,})", text):
        found += leaks(base64.b64decode(packed).decode("utf-8", errors="ignore"))
    return found


@pytest.mark.parametrize("form", ["document", "markdown", "html"])
def test_no_id_no_date_no_path(secret, form):
    adata, cohort = secret
    made = getattr(ifn.report, form)(adata, cohort, **QUICK)
    assert not leaks(made if isinstance(made, str) else words(made))


def test_controls_are_not_named(secret):
    adata, cohort = secret
    rows = table(ifn.report.document(adata, cohort, **QUICK), "provenance").frame.set_index("what")["value"]
    assert rows["controls"] == "an expression that names samples (not repeated here)"


def test_an_error_that_names_a_sample_is_not_repeated(secret, monkeypatch):
    adata, cohort = secret

    def refuse(*_, **__):
        msg = f"sample {SAMPLES['B1']!r} is odd"
        raise DataError(msg)

    monkeypatch.setattr("ifnscore.tl.compare", refuse)
    monkeypatch.setattr("ifnscore.tl.associate", refuse)
    document = ifn.report.document(adata, cohort, **QUICK)
    assert not leaks(words(document))
    assert any("names a patient or a sample" in n for n in missing(document, "summary"))


def test_names_of_samples_that_are_paths_or_dates_become_numbers():
    adata = figures.simple(4)[0]
    adata.obs_names = [f"/home/anna/{n}.bam" for n in adata.obs_names]
    ifn.tl.score(adata, controls="group == 'healthy'")
    assert "anna" not in words(ifn.report.document(adata))


def test_hostile_names_stay_text():
    adata = figures.simple(5)[0]
    adata.obs["arm"] = np.where(adata.obs["is_control"], "healthy", HOSTILE)
    wide = ifn.get.scores_wide(adata)[["rice2013_ags6"]].rename(columns={"rice2013_ags6": HOSTILE})
    obs = adata.obs[["patient", "visit", "arm"]]
    frame = wide.join(obs).rename_axis("sample").reset_index()
    document = ifn.report.document(frame, group="arm", scores=[HOSTILE], score_type="ratio", title=HOSTILE)
    for one in every(document, Figure):
        _, ax = plt.subplots(figsize=one.size)
        one.draw(ax)
        ax.get_figure().canvas.draw()
        plt.close("all")
    text = ifn.report.markdown(frame, group="arm", scores=[HOSTILE], score_type="ratio", title=HOSTILE)
    assert "<script" not in text.replace("\\<script", "")
    assert "](http" not in text.replace("\\](http", "")
    assert "\u202e" not in text


# ------------------------------------------------------------------------------------------- what a newcomer stumbled over


def test_the_mark_of_synthetic_data_stays_without_a_cohort(tmp_path):
    adata, _ = ifn.datasets.jdm_tofacitinib()
    ifn.tl.score(adata, ["rice"], controls="is_control", donor="donor_id")
    adata.write_h5ad(tmp_path / "scored.h5ad")
    import anndata

    document = ifn.report.document(anndata.read_h5ad(tmp_path / "scored.h5ad"))
    assert document.synthetic
    groups = table(document, "scores_by_group").frame
    names = {f"{who}, {tissue}" for who in ("healthy controls", "samples") for tissue in ("blood", "skin")}
    assert set(groups["group"]) == names  # as the figure names them


def test_first_screen_is_short_and_says_every_tissue(example):
    document = example[2]
    first = document.sections[0].blocks
    assert dict(document.facts) == {
        "Main score": f"{ifn.signatures.get(GEOMEAN).title}; type I; blood ({GEOMEAN})",
        "Platform": "RNA-seq",
    }
    assert not any(isinstance(b, Table) for b in first)
    assert "In skin (3 patients): mean change" in first[0].text
    assert "Leaving out" not in first[0].text
    assert len(short_limits(document)) <= 7
    assert all(len(line) < 130 for line in short_limits(document))
    paragraphs = " ".join(b.text for b in first if isinstance(b, Paragraph))
    assert not [line for line in short_limits(document) if line in paragraphs]
    shown = table(document, "main_change")
    assert shown.visible["interval"].tolist() == ["−2.96 to 0.04"]
    assert shown.visible["interval"].iloc[0] in first[0].text


def test_a_link_at_baseline_carries_its_guard(example):
    lines = next(b.items for b in every(example[2], Bullets, "link"))
    at = next(i for i, line in enumerate(lines) if line.startswith("At baseline"))
    assert "says nothing about change on the drug" in lines[at + 1]
    own = table(example[2], "link").frame
    n = int((own["estimate"].notna() & (own["role"] != "primary")).sum())
    assert f"one of {n} estimates" in lines[at + 1]


def test_methods_say_what_was_done_and_say_it_once(example):
    quote = every(example[2], Quote)[0].text
    sentences = re.split(r"(?<=\.)\s+", quote)
    assert len(sentences) == len(set(sentences))
    cohort = clinic(pairs(4), on_drug(4))
    scores = pd.DataFrame({"ifn": np.arange(8.0)}, index=pd.Index([f"k{i}{x}" for i in range(1, 5) for x in "ab"], name="sample"))
    text = ifn.tl.compare(scores, cohort, scores="ifn", score_type="log", rng=1).methods
    for absent in ("Gene-level", "reference change value", "max-T"):
        assert absent not in text
    assert "One score was tested" in text


def test_shown_tables_have_words_and_downloads_names(example):
    document = example[2]
    ids = re.compile(r"followup_minus|while_on_treatment|as_observed|partial_rmcorr|off-platform|off_interrupted|tissue=")
    for one in every(document, Table):
        columns = [c for c in (one.columns or one.frame.columns) if c != "meaning"]
        if one.name not in {"provenance", "settings_comparison", "settings_link"}:
            assert not ids.search(one.visible[columns].to_csv()), one.name
    assert "followup_minus_baseline" in set(table(document, "compare").frame["contrast"])
    assert any(d.summary == "Words" for d in every(document, Details, "provenance"))
    assert "not available to the developers" in every(document, Paragraph, "eular")[0].text


def test_small_cells_have_a_mark_and_one_footnote(example):
    shown = table(example[2], "table1")
    assert "small cell" not in shown.visible.to_csv()
    assert shown.caption.count("small cell: may identify a child") == 1
    assert shown.frame["note"].str.contains("small cell").sum() >= shown.visible["value"].str.contains("†").sum() > 0
    assert not shown.visible.loc[shown.visible["level"] == "", "value"].astype(str).str.contains("†").any()


@pytest.mark.parametrize(("x", "text"), [(0.995, "99.5"), (1.0, "100"), (0.48, "48"), (0.9999, "99.9"), (0.0, "0")])
def test_a_share_that_is_not_all_is_not_100_percent(x, text):
    from ifnscore.analysis._phrases import share

    assert share(x) == text
