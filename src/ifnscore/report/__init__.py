"""The report: scores, cohort and comparisons as one self-contained file."""
