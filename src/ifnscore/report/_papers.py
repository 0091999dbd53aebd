"""Papers behind the methods: by the word that names them in a methods paragraph, by scoring method, by normalisation.

Each was found with authors, title, journal and pages in at least one public reference list besides the docstring that cites it
here; where two lists gave different identifiers, none is given.
"""

from __future__ import annotations

from ifnscore.signatures import Citation

#: EULAR's points to consider. The DOI was not seen in a source.
EULAR = Citation(
    key="rodriguezcarrio2023eular",
    authors=("Rodríguez-Carrio, J", "Burska, A", "Conaghan, P G"),
    others=True,
    title=(
        "2022 EULAR points to consider for the measurement, reporting and application of IFN-I pathway activation assays in "
        "clinical research and practice"
    ),
    journal="Ann Rheum Dis",
    year="2023",
    volume="82",
    pages="754-762",
    pmid="36858821",
)


def _paper(
    key: str, authors: str, title: str, journal: str, year: int, volume: str = "", pages: str = "", doi: str = "", pmid: str = ""
) -> Citation:
    names = [n for n in authors.split("; ") if n != "others"]
    return Citation(
        key=key,
        authors=tuple(names),
        others=authors.endswith("others"),
        title=title,
        journal=journal,
        year=str(year),
        volume=volume,
        pages=pages,
        doi=doi,
        pmid=pmid,
    )


def _book(key: str, authors: str, title: str, publisher: str, year: int) -> Citation:
    return Citation(key=key, kind="book", authors=tuple(authors.split("; ")), title=title, publisher=publisher, year=str(year))


#: Words of a methods paragraph -> what they rest on, in the order of a methods section.
NAMED: tuple[tuple[str, Citation], ...] = (
    (
        "scipy",
        _paper(
            "virtanen2020scipy",
            "Virtanen, P; Gommers, R; Oliphant, T E; others",
            "SciPy 1.0: fundamental algorithms for scientific computing in Python",
            *("Nat Methods", 2020, "17", "261-272", "10.1038/s41592-019-0686-2"),
        ),
    ),
    (
        "statsmodels",
        Citation(
            key="seabold2010statsmodels",
            kind="inproceedings",
            authors=("Seabold, S", "Perktold, J"),
            title="statsmodels: Econometric and statistical modeling with Python",
            booktitle="Proceedings of the 9th Python in Science Conference",
            year="2010",
            pages="92-96",
            doi="10.25080/Majora-92bf1922-011",
        ),
    ),
    (
        "Clopper-Pearson",
        _paper(
            "clopper1934use",
            "Clopper, C J; Pearson, E S",
            "The use of confidence or fiducial limits illustrated in the case of the binomial",
            *("Biometrika", 1934, "26", "404-413", "10.1093/biomet/26.4.404"),
        ),
    ),
    ("sign-flip", _book("fisher1935design", "Fisher, R A", "The Design of Experiments", "Oliver and Boyd", 1935)),
    (
        "99,999 random",
        _paper(
            "phipson2010permutation",
            "Phipson, B; Smyth, G K",
            "Permutation P-values should never be zero: calculating exact P-values when permutations are randomly drawn",
            *("Stat Appl Genet Mol Biol", 2010, "9", "Article 39", "10.2202/1544-6115.1585"),
        ),
    ),
    (
        "Hodges-Lehmann",
        _paper(
            "hodges1963estimates",
            "Hodges, J L; Lehmann, E L",
            "Estimates of location based on rank tests",
            *("Ann Math Stat", 1963, "34", "598-611", "10.1214/aoms/1177704172"),
        ),
    ),
    (
        "Pratt",
        _paper(
            "pratt1959remarks",
            "Pratt, J W",
            "Remarks on zeros and ties in the Wilcoxon signed rank procedures",
            *("J Am Stat Assoc", 1959, "54", "655-667", "10.1080/01621459.1959.10501526"),
        ),
    ),
    (
        "gamma correction",
        _paper(
            "hedges1981distribution",
            "Hedges, L V",
            "Distribution theory for Glass's estimator of effect size and related estimators",
            *("J Educ Stat", 1981, "6", "107-128", "10.3102/10769986006002107"),
        ),
    ),
    (
        "Westfall and Young",
        _book(
            "westfall1993resampling",
            "Westfall, P H; Young, S S",
            "Resampling-Based Multiple Testing: Examples and Methods for p-Value Adjustment",
            *("Wiley", 1993),
        ),
    ),
    (
        "Holm's method",
        _paper(
            "holm1979simple",
            "Holm, S",
            "A simple sequentially rejective multiple test procedure",
            *("Scand J Stat", 1979, "6", "65-70"),
        ),
    ),
    (
        "Benjamini and Hochberg",
        _paper(
            "benjamini1995controlling",
            "Benjamini, Y; Hochberg, Y",
            "Controlling the false discovery rate: a practical and powerful approach to multiple testing",
            *("J R Stat Soc Series B", 1995, "57", "289-300", "10.1111/j.2517-6161.1995.tb02031.x"),
        ),
    ),
    (
        "Welch",
        _paper(
            "welch1947generalization",
            "Welch, B L",
            "The generalization of 'Student's' problem when several different population variances are involved",
            *("Biometrika", 1947, "34", "28-35", "10.1093/biomet/34.1-2.28"),
        ),
    ),
    (
        "Newcombe",
        _paper(
            "newcombe2006confidence",
            "Newcombe, R G",
            "Confidence intervals for an effect size measure based on the Mann-Whitney statistic. "
            "Part 2: Asymptotic methods and evaluation",
            *("Stat Med", 2006, "25", "559-573", "10.1002/sim.2324"),
        ),
    ),
    (
        "bias-reduced covariance",
        _paper(
            "mancl2001covariance",
            "Mancl, L A; DeRouen, T A",
            "A covariance estimator for GEE with improved small-sample properties",
            *("Biometrics", 2001, "57", "126-134", "10.1111/j.0006-341X.2001.00126.x"),
        ),
    ),
    (
        "cluster sign-flip",
        _paper(
            "kline2012score",
            "Kline, P; Santos, A",
            "A score based approach to wild bootstrap inference",
            *("J Econometric Methods", 2012, "1", "23-41", "10.1515/2156-6674.1006"),
        ),
    ),
    (
        "Bonett-Wright",
        _paper(
            "bonett2000sample",
            "Bonett, D G; Wright, T A",
            "Sample size requirements for estimating Pearson, Kendall and Spearman correlations",
            *("Psychometrika", 2000, "65", "23-28", "10.1007/BF02294183"),
        ),
    ),
    (
        "within and between patients",
        _paper(
            "neuhaus1998between",
            "Neuhaus, J M; Kalbfleisch, J D",
            "Between- and within-cluster covariate effects in the analysis of clustered data",
            *("Biometrics", 1998, "54", "638-645", "10.2307/2533862"),
        ),
    ),
    (
        "Freedman and Lane",
        _paper(
            "freedman1983nonstochastic",
            "Freedman, D; Lane, D",
            "A nonstochastic interpretation of reported significance levels",
            *("J Bus Econ Stat", 1983, "1", "292-298"),
        ),
    ),
    (
        "Bakdash and Marusich",
        _paper(
            "bakdash2017repeated",
            "Bakdash, J Z; Marusich, L R",
            "Repeated measures correlation",
            *("Front Psychol", 2017, "8", "456", "10.3389/fpsyg.2017.00456"),
        ),
    ),
    (
        "Le Voyer",
        _paper(
            "levoyer2021jak",
            "Le Voyer, T; Gitiaux, C; Authier, F J; others",
            "JAK inhibitors are effective in a subset of patients with juvenile dermatomyositis: a monocentric "
            "retrospective study",
            *("Rheumatology (Oxford)", 2021, "60", "5801-5808", "10.1093/rheumatology/keab116"),
        ),
    ),
)

#: DOI of a scoring method's record, or of a normalisation's source -> its paper, where no signature of the catalogue has it.
BY_DOI: dict[str, Citation] = {
    c.doi.lower(): c
    for c in (
        _paper(
            "foroutan2018single",
            "Foroutan, M; Bhuva, D D; Lyu, R; others",
            "Single sample scoring of molecular phenotypes",
            *("BMC Bioinformatics", 2018, "19", "404", "10.1186/s12859-018-2435-4", "30400809"),
        ),
        _paper(
            "barbie2009systematic",
            "Barbie, D A; Tamayo, P; Boehm, J S; others",
            "Systematic RNA interference reveals that oncogenic KRAS-driven cancers require TBK1",
            *("Nature", 2009, "462", "108-112", "10.1038/nature08460"),
        ),
        _paper(
            "andreatta2021ucell",
            "Andreatta, M; Carmona, S J",
            "UCell: robust and scalable single-cell gene signature scoring",
            *("Comput Struct Biotechnol J", 2021, "19", "3796-3798", "10.1016/j.csbj.2021.06.043"),
        ),
        _paper(
            "aibar2017scenic",
            "Aibar, S; others",
            "SCENIC: single-cell regulatory network inference and clustering",
            *("Nat Methods", 2017, "14", "1083-1086", "10.1038/nmeth.4463"),
        ),
        _paper(
            "hanzelmann2013gsva",
            "Hänzelmann, S; Castelo, R; Guinney, J",
            "GSVA: gene set variation analysis for microarray and RNA-seq data",
            *("BMC Bioinformatics", 2013, "14", "7", "10.1186/1471-2105-14-7"),
        ),
        _paper(
            "lee2008inferring",
            "Lee, E; others",
            "Inferring pathway activity toward precise disease classification",
            *("PLoS Comput Biol", 2008, "4", "e1000217", "10.1371/journal.pcbi.1000217"),
        ),
        _paper(
            "tomfohr2005pathway",
            "Tomfohr, J; others",
            "Pathway level analysis of gene expression using singular value decomposition",
            *("BMC Bioinformatics", 2005, "6", "225", "10.1186/1471-2105-6-225"),
        ),
        _paper(
            "badia2022decoupler",
            "Badia-i-Mompel, P; Vélez Santiago, J; Braunger, J; others",
            "decoupleR: ensemble of computational methods to infer biological activities from omics data",
            *("Bioinform Adv", 2022, "2", "vbac016", "10.1093/bioadv/vbac016"),
        ),
        _paper(
            "tirosh2016dissecting",
            "Tirosh, I; Izar, B; Prakadan, S M; others",
            "Dissecting the multicellular ecosystem of metastatic melanoma by single-cell RNA-seq",
            *("Science", 2016, "352", "189-196", "10.1126/science.aad0501", "27124452"),
        ),
        _paper(
            "rinchai2021bloodgen3module",
            "Rinchai, D; others",
            "BloodGen3Module: blood transcriptional module repertoire analysis and visualization using R",
            *("Bioinformatics", 2021, "", "", "10.1093/bioinformatics/btab121"),
        ),
        _paper(
            "vandesompele2002accurate",
            "Vandesompele, J; De Preter, K; Pattyn, F; others",
            "Accurate normalization of real-time quantitative RT-PCR data by geometric averaging of multiple internal "
            "control genes",
            *("Genome Biol", 2002, "3", "research0034", "10.1186/gb-2002-3-7-research0034"),
        ),
        _paper(
            "robinson2010scaling",
            "Robinson, M D; Oshlack, A",
            "A scaling normalization method for differential expression analysis of RNA-seq data",
            *("Genome Biol", 2010, "11", "R25", "10.1186/gb-2010-11-3-r25"),
        ),
        _paper(
            "wolf2018scanpy",
            "Wolf, F A; Angerer, P; Theis, F J",
            "SCANPY: large-scale single-cell gene expression data analysis",
            *("Genome Biol", 2018, "19", "15", "10.1186/s13059-017-1382-0"),
        ),
    )
}
