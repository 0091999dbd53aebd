# Answers of edgeR for the tables of make_inputs.py: factors and normalised counts per million.
suppressMessages(library(edgeR))
here <- if (length(commandArgs(TRUE))) commandArgs(TRUE)[1] else "."
for (name in c("plain", "zeros", "ties", "odd", "sparse")) {
  counts <- as.matrix(read.csv(file.path(here, paste0(name, ".csv")), row.names = 1))
  d <- calcNormFactors(DGEList(counts), method = "TMM")
  out <- rbind(factor = d$samples$norm.factors, cpm(d))
  write.csv(format(out, digits = 16, trim = TRUE), file.path(here, paste0("edgeR_", name, ".csv")), quote = FALSE)
}
cat(R.version.string, "edgeR", as.character(packageVersion("edgeR")), "\n")
