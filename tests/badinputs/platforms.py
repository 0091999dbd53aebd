"""Formats of machines, quantifiers and archives: each valid file of the fuzzing corpus, damaged in the same ways."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Sequence

import numpy as np
from tests.badinputs._damage import damaged
from tests.badinputs._model import Case, Outcome
from tests.fuzz.targets import CORPUS

from ifnscore import loaders

_EMPTY = {"empty": "the file is empty", "nul": "this is not text but binary data", "random": "this is not text but binary data", "gzip-truncated": "the compressed file is truncated or damaged"}


def _valid(path: str) -> str:
    """Return a file of the corpus with the line ends of Unix."""
    return (CORPUS / path).read_bytes().decode().replace("\r\n", "\n").replace("\r", "\n")


def _holds(samples: Sequence[str], genes: Sequence[str], x: object, **options: str) -> Callable[[Outcome], None]:
    """Return a check of names and values, as they stand in the file (not normalised)."""

    def check(outcome: Outcome) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            adata = loaders.read(outcome.path, **{"normalise": "none", **options})
        assert list(adata.obs_names) == list(samples)
        assert list(adata.var_names) == list(genes)
        np.testing.assert_allclose(adata.X.toarray() if hasattr(adata.X, "toarray") else adata.X, np.asarray(x, dtype=float))

    return check


_SCALE = "whole numbers up to ... more than any count"
_FIELDS = "fields where"
_RSEM = _valid("rsem/GSM2_P2.genes.results.txt")
_RCC = _valid("rcc/a.RCC")
_RCC_ROWS = [r for r in csv.reader(_RCC.splitlines()) if len(r) == 4 and r[0] in {"Endogenous", "Housekeeping"}]
_NO = "counts are whole numbers from 0 on"
_TPM = "a number from 0 on is needed"

CASES: list[Case] = [
    *damaged(
        "gct", "m.gct", _valid("gct/m.gct"), "1.5", _holds(["s1"], ["1_at", "2_at"], [[1.5, 2]]),
        {
            **_EMPTY,
            "truncated": "line 4, row '1_at': 0 numbers in 2 fields, where 2 fields and then 1 numbers are needed",
            "header": "ends after 1 lines, without any row: the file is cut off; copy or download it again",
            "wrong-delimiter": "line 3: 0 sample names, where line 2 says 1 columns",
            "word": "line 4, row '1_at', sample 's1': 'abc' is not a number",
            "decimal-comma": "line 4, row '1_at', sample 's1': ... is not a number; write numbers with a decimal point",
            "huge": _SCALE, "overflow": _SCALE, "negative": "negative values (lowest -7)",
        },
    ),
    *damaged(
        "featurecounts", "c.txt", _valid("featurecounts/c.txt"), "5.25", _holds(["a", "b"], ["ISG15", "MX1", "IFI6"], [[1.5, 2, 3], [4, 5.25, 6]]),
        {
            **_EMPTY,
            "truncated": "line 3: 4 fields where 8 are expected (too few)",
            "header": "only a header line, no rows",
            "wrong-delimiter": "the header has 1 fields, but the rows have 5",
            "word": "row 'MX1', column 'b': 'abc' is not a number",
            "decimal-comma": "row 'MX1', column 'b': '1,5' is not a number; this looks like a decimal comma",
            "negative": "the scale is counts, but the matrix holds negative values (lowest -7)",
            "huge": "the scale is counts, but the largest value is 1e+308, more than any measurement",
            "overflow": "the scale is counts, but the largest value is 9.223e+18, more than any measurement",
        },
    ),
    *damaged(
        "star", "P1ReadsPerGene.out.tab", _valid("star/P1ReadsPerGene.out.tab"), "200", _holds(["P1"], ["ISG15", "MX1"], [[1, 2]]),
        {
            **_EMPTY,
            "truncated": "line 4: 1 fields where 4 are expected (too few)",
            "header": "no row N_multimapping, N_noFeature, N_ambiguous on top: is the file whole?",
            "word": f"row 'N_noFeature', column '4' is 'abc'; {_TPM}",
            "decimal-comma": f"row 'N_noFeature', column '4' is '1,5'; {_TPM}",
            "negative": f"row 'N_noFeature', column '4' is '-7'; {_TPM}",
            "inf": f"row 'N_noFeature', column '4' is 'inf'; {_TPM}",
            "missing": f"row 'N_noFeature', column '4' is empty or NA; {_TPM}",
        },
    ),
    *damaged(
        "geo series matrix", "GSE77_series_matrix.txt", _valid("geo_series_matrix/GSE77_series_matrix.txt"), "9.25",
        _holds(["GSM1", "GSM2", "GSM3"], ["ISG15", "MX1", "IFI27"], [[5.5, 8, 2], [6, 9.25, 3], [7, 1, 4.5]]),
        {
            **_EMPTY,
            "truncated": "the data table is missing (no '!series_matrix_table_begin' ... the download was cut off",
            "header": "the data table is missing (no '!series_matrix_table_begin' ... the download was cut off",
            "word": "row 'MX1', column 'GSM2': 'abc' is not a number",
            "decimal-comma": "row 'MX1', column 'GSM2': '1,5' is not a number; this looks like a decimal comma",
            "negative": "negative values (lowest -7)",
        },
    ),
    *damaged(
        "geo soft", "GSE77_family.soft", _valid("geo_soft/g_GSE77_family.soft"), "7.25\tP\np3\t1\tP\np4\t2\tP\np5\t3\tP\n!sample_table_end\n^SAMPLE = GSM2",
        _holds(["GSM1", "GSM2"], ["ISG15|probe p1", "ISG15|probe p2", "MX1|probe p3"], [[5.5, 7.25, 1], [np.nan, np.nan, 4]]),
        {
            **_EMPTY,
            "header": "this is a SOFT file without samples: the download was cut off; download it again",
            "wrong-delimiter": "sample GSM1, line 30: no column ID_REF",
            "word": "row 'p2', sample 'GSM1': 'abc' is not a number",
        },
    ),
    *damaged(
        "rcc", "a.RCC", _RCC, "900", _holds(["a"], [r[1] for r in _RCC_ROWS], [[float(r[3]) for r in _RCC_ROWS]]),
        {
            **_EMPTY,
            "truncated": "the section that begins in line ... has no end: the file is cut off; copy it again",
            "header": "the section that begins in line 1 has no end: the file is cut off; copy it again",
            "wrong-delimiter": "<Code_Summary> begins with 'CodeClass,Name,Accession,Count'",
            "word": f"probe MX1: 'abc' is no count: {_NO}",
            "decimal-comma": f"probe MX1: '1,5' is no count: {_NO}",
            "negative": f"probe MX1: '-7' is no count: {_NO}",
            "huge": f"probe MX1: '1e308' is no count: {_NO}",
            "overflow": f"probe MX1: '9223372036854775808' is larger than any lane can hold: {_NO}",
            "inf": f"probe MX1: 'inf' is no count: {_NO}",
            "missing": f"probe MX1: '' is no count: {_NO}",
        },
    ),
    *damaged(
        "rcc collector", "raw.csv", _valid("rcc_collector/raw.csv"), "400", _holds(["x_01", "x_02"], ["ISG15", "MX1", "TBP"], [[400, 7, 100], [90, 8, 50]]),
        {
            **_EMPTY,
            "header": "no rows of probes (code class Endogenous, Housekeeping, Positive or Negative) below the header",
            "word": f"line 4, probe ISG15, x_01: 'abc' is no count: {_NO}",
            "decimal-comma": f"line 4, probe ISG15, x_01: '1,5' is no count: {_NO}",
            "negative": f"line 4, probe ISG15, x_01: '-7' is no count: {_NO}",
            "inf": f"line 4, probe ISG15, x_01: 'inf' is no count: {_NO}",
            "missing": f"line 4, probe ISG15, x_01: '' is no count: {_NO}",
        },
    ),
    *damaged(
        "qpcr", "run.txt", _valid("qpcr/run.txt"), "21.5", _holds(["A", "B"], ["IFI27", "HPRT1"], [[np.nan, 20], [np.nan, 21.5]]),
        {
            **_EMPTY,
            "header": "only a header line, no wells",
            "wrong-delimiter": f"line 2: 4 {_FIELDS} 3 are expected (too many)",
            "word": "line 5, column 'cq': 'abc' is not a Ct: write a number of cycles, or 'Undetermined'",
            "negative": "line 5, column 'cq': -7 is no Ct, which is a number of cycles",
            "huge": "line 5, column 'cq': 1e308 is no Ct: no run has more than 60 cycles",
            "overflow": "is no Ct: no run has more than 60 cycles",
            "inf": "line 5, column 'cq': 'inf' is not a Ct",
        },
    ),
    *damaged(
        "qpcr wide", "run.csv", _valid("qpcr_wide/run.csv"), "25.5", _holds(["A", "B"], ["IFI27", "SIGLEC1"], [[27.5, np.nan], [25.5, np.nan]], undetermined="missing"),
        {
            **_EMPTY,
            "header": "only a header line, no rows",
            "word": "row 'B', column 'IFI27': 'abc' is not a number",
            "decimal-comma": "row 'B', column 'IFI27': '1,5' is not a number; this looks like a decimal comma",
        },
    ),
    *damaged(
        "rsem", "P2.genes.results", _RSEM, "12.5", _holds(["P2"], ["ENSG00000187608.10_ISG15", "ENSG00000157601.14_MX1"], [[30, 2.5]]),
        {
            **_EMPTY,
            "header": "only a header line, no rows",
            "word": f"row 'ENSG00000187608.10_ISG15', column 'expected_count' is 'abc'; {_TPM}",
            "negative": f"row 'ENSG00000187608.10_ISG15', column 'expected_count' is '-7'; {_TPM}",
            "inf": f"row 'ENSG00000187608.10_ISG15', column 'expected_count' is 'inf'; {_TPM}",
            "missing": f"row 'ENSG00000187608.10_ISG15', column 'expected_count' is empty or NA; {_TPM}",
        },
    ),
    *damaged(
        "salmon", "quant.genes.sf", _valid("salmon/quant.genes.sf"), "4.0", _holds(["in"], ["MX1"], [[1]]),
        {**_EMPTY, "header": "only a header line, no rows", "word": f"row 'MX1', column 'NumReads' is 'abc'; {_TPM}", "negative": f"row 'MX1', column 'NumReads' is '-7'; {_TPM}"},
    ),
    *damaged(
        "kallisto", "abundance.tsv", _valid("kallisto/abundance.tsv"), "4.0", _holds(["in"], ["ENSG00000187608.10", "ENSG00000157601.14"], [[3 + 4, 5]]),
        {
            **_EMPTY,
            "truncated": "line 3: 2 fields where 5 are expected (too few)",
            "header": "only a header line, no rows",
            "word": f"column 'tpm' is 'abc'; {_TPM}",
            "huge": "the tpm column adds up to 1e+308, more than a million: is the file damaged?",
        },
    ),
    *damaged(
        "stringtie", "S1_gene_abund.tab", _valid("stringtie/S1_gene_abund.tab"), "9.0", _holds(["S1"], ["ISG15", "MX1", "STRG.7"], [[9 + 1, 4, 0.25]]),
        {
            **_EMPTY,
            "truncated": "line 4: 1 fields where 9 are expected (too few)",
            "header": "only a header line, no rows",
            "word": f"row 'ISG15', column 'TPM' is 'abc'; {_TPM}",
            "huge": "the scale is linear, but the largest value is 1e+308, more than any measurement",
        },
    ),
]  # fmt: skip
