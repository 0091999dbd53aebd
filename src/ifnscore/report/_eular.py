"""EULAR's points to consider on interferon assays as a checklist, filled in from what a run stored.

Rodríguez-Carrio et al., Ann Rheum Dis 2023;82:754-762 (PMID 36858821; CC BY-NC, so that the points stand here in other words).
Read were the principles, points 1 to 6 and the beginning of point 7 (ard.bmj.com/highwire/markup/301172, table 1), the consensus
terms (markup/301173, table 2) and the abstract. The rest of 7, and 8 to 11, were not: nothing is said to be met there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ifnscore import get, signatures
from ifnscore._lazy import pd
from ifnscore.analysis._phrases import names, plural
from ifnscore.report import _eular_clinic
from ifnscore.report._eular_run import Answer, Run, Status, coverage_of, few
from ifnscore.result import rows as rows_of

if TYPE_CHECKING:
    from ifnscore.cohort import Cohort
    from ifnscore.result import Result
    from ifnscore.scoretable import ScoreTable

COLUMNS = ("point", "text", "status", "answer", "to_do")
#: Interferon modules of the blood that were published side by side; whether the authors mean these was not read.
MODULES = ("chaussabel_M1.2", "chaussabel_M3.4", "chaussabel_M5.12")
UNREAD = (
    "The text of points 8 to 11, and of part of point 7, was not available to the developers of ifnscore: the checklist says "
    "nothing about them, and the authors must read them."
)
_POINTS = {
    "A": "Principle: there are several interferons, and what they do to genes and proteins is diverse.",
    "B": "Principle: an active type I pathway is common in rheumatic diseases; most uses in the clinic still need validation.",
    "1": "Use the task force's consensus terms.",
    "2": "Assays see different sides of the pathway, none sees all, some are not specific for type I: justify the choice.",
    "3": "New assays: say whether they are specific for type I interferon, and as far as possible for which.",
    "4": "Gene scores: justify the components, and describe known subsets of interferon-stimulated genes separately.",
    "5": "For diagnosis, assays cannot be recommended at present.",
    "6": "An active pathway marks more severe subgroups in many diseases: consider the assay in studies that stratify.",
    "7": "An active pathway goes with disease activity in some diseases. (The rest of this point was not retrieved.)",
    "8-11": "Not retrieved. By the abstract, points 5 to 11 are on diagnosis, activity, prognosis and treatment response.",
}


def checklist(scores: ScoreTable, cohort: Cohort | None, compare: Result | None, associate: Result | None) -> pd.DataFrame:
    """Return the points with what this run answers to them.

    Parameters
    ----------
    scores
        The scores, with the matrix they were made from where there is one.
    cohort
        None where nothing is known of the patients.
    compare, associate
        Results of the verbs, or None.

    Returns
    -------
    DataFrame
        One row a point: ``point``, ``text`` (in our words), ``status`` (``reported``, ``partly``, ``not reported`` or ``not
        applicable``: of this run, not of a manuscript), ``answer`` (what the run says) and ``to_do`` (what is left to do).
    """
    adata = scores.adata
    run = Run(
        scores=scores,
        cohort=cohort,
        compare=compare,
        associate=associate,
        covered=coverage_of(scores),
        provenance=get.provenance(adata, key=scores.key) if adata is not None else {},
    )
    answers = (
        _diverse,
        _eular_clinic.validated,
        _terms,
        _choice,
        _new,
        _components,
        _eular_clinic.diagnosis,
        _eular_clinic.severity,
        _eular_clinic.activity,
        _eular_clinic.unread,
    )
    rows = [(point, text, *answer(run)) for (point, text), answer in zip(_POINTS.items(), answers, strict=True)]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def _diverse(run: Run) -> Answer:
    kinds = {
        "Type I": run.of_type("I"),
        "Type II": run.of_type("II"),
        "Type III": run.of_type("III"),
        "Types I and II together": run.of_type("I+II"),
        "Comparator, not made for interferon": run.of_type("comparator"),
        "Type unknown": run.of_type("unknown"),
    }
    said = " ".join(f"{kind}: {few(found)}." for kind, found in kinds.items() if found)
    if kinds["Type I"] and kinds["Type II"] and not kinds["Type unknown"]:
        return "reported", said, ""
    status: Status = "partly" if len(kinds["Type unknown"]) < len(run.scores.columns) else "not reported"
    lacking = [kind.replace("T", "t") for kind in ("Type I", "Type II") if not kinds[kind]]
    to_do = f"Score {names(lacking)} beside them (ifnscore signatures --type)." if lacking else "State the type of each score."
    return status, said, to_do


def _terms(run: Run) -> Answer:
    other = [c.id for c in run.scores.columns if c.ifn_type != "I"]
    answer = (
        "In the consensus terms these numbers are interferon-stimulated gene expression scores; what is called a signature here "
        "is the defined set of genes behind one (the consensus keeps 'signature' for a description of expression in words)."
    )
    if not other:
        return "reported", answer, "Use these terms in the text."
    more = f" The term means type I; it does not fit {few(other)}."
    return "partly", answer + more, "Use these terms in the text, and name the other scores by what they are."


def _choice(run: Run) -> Answer:
    if not run.covered:
        told = sorted({c.method for c in run.scores.columns} - {"unknown"})
        if told:
            return (
                "partly",
                f"The scores came as a table that names the method alone ({names(told)}).",
                "State assay, formula and why.",
            )
        return "not reported", "The scores came as a table that does not say how they were made.", "State assay, formula and why."
    facts = run.provenance
    off = [s for s, r in run.covered.items() if r["platform_match"] == "off-platform"]
    platform = facts.get("platform") or "unknown"
    answer = f"Transcripts alone were measured (platform {platform}, scale {facts['scale']}), not proteins or signalling."
    controls = dict(facts.get("n_controls") or {})
    if controls:
        answer += f" Controls: {'; '.join(f'{n} ({stratum})' if stratum else str(n) for stratum, n in controls.items())}."
    else:
        answer += " No healthy controls were used."
    if off:
        answer += f" The formula is used away from its own platform in {few(off)}."
    settings = run.cohort.settings if run.cohort is not None else None
    if settings is not None and settings.primary_signature:
        answer += f" Declared beforehand as primary: {settings.primary_signature}."
    return (
        "partly",
        answer,
        "Say why this assay answers the question" + ("." if platform != "unknown" else ", and name the platform."),
    )


def _new(run: Run) -> Answer:
    own = [c.id for c in run.scores.columns if c.id not in signatures.ids()]
    untold = [s for s in own if run.scores.column(s).ifn_type == "unknown"]
    changed = [s for s, r in run.covered.items() if s not in own and not str(r["formula"]).startswith("published formula")]
    if not own and not changed and run.covered:
        return "not applicable", "Every score is a published formula as its authors state it.", ""
    if not own and not run.covered:
        return "not reported", "Which formula made the scores is not known.", "State it."
    parts = [f"Not from the catalogue: {few(own)}."] if own else []
    parts += [f"Published genes under another formula, or away from the authors' assay: {few(changed)}."] if changed else []
    parts.append("No score of transcripts tells which type I interferon was at work.")
    if untold:
        return (
            "not reported",
            " ".join(parts),
            f"Say whether {few(untold)} {'is' if len(untold) == 1 else 'are'} specific for type I.",
        )
    return "partly", " ".join(parts), "Say that the formula is new for this assay, and what it is specific for."


def _components(run: Run) -> Answer:
    if not run.covered:
        return "not reported", "The genes behind the scores are not known.", "List the genes and where the list comes from."
    whole = [s for s, r in run.covered.items() if int(r["n_used"]) == int(r["n_genes"])]
    short = [f"{s} ({int(r['n_used'])} of {int(r['n_genes'])})" for s, r in run.covered.items() if s not in whole]
    answer = f"Genes and source of each list are given. All genes were used in {plural(len(whole), 'score')}"
    answer += f", not all in {few(short)}." if short else "."
    modules = [m for m in MODULES if m in run.covered]
    answer += _shared(run)
    if len(modules) == len(MODULES):
        return "reported", f"{answer} Interferon modules that were published apart are scored apart: {names(modules)}.", ""
    to_do = f"Say why these genes; score subsets apart, such as {names(list(MODULES))}."
    return "partly", f"{answer} Subsets of interferon-stimulated genes are not described apart.", to_do


def _shared(run: Run) -> str:
    first = [s for s in run.of_type("I") if s in signatures.ids()]
    second = [s for s in run.of_type("II") if s in signatures.ids()]
    if not first or not second:
        return ""
    table = signatures.overlap([*first, *second])
    between = table[table["first"].isin(first) & table["second"].isin(second)]
    most = rows_of(between.sort_values("n_shared", ascending=False, kind="stable"))[0]
    if not most["n_shared"]:
        return " No type I list shares a gene with a type II list."
    shared = plural(int(most["n_shared"]), "gene")
    return f" Type I and type II lists share at most {shared} ({most['first']} with {most['second']})."
