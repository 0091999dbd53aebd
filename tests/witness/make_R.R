# Answers of R GSVA (ssgsea, zscore) on untied.csv and tied.csv; run in this folder: Rscript make_R.R
suppressMessages(library(GSVA))
lines <- strsplit(readLines("sets.gmt"), "\t")
sets <- lapply(lines, function(x) x[-(1:2)])
names(sets) <- sapply(lines, `[`, 1)
write_answer <- function(x, file) {
  x <- as.data.frame(x)
  x[] <- lapply(x, function(v) formatC(v, digits = 17, format = "g"))
  write.csv(x, file, quote = FALSE)
}
for (name in c("untied", "tied")) {
  x <- as.matrix(read.csv(paste0(name, ".csv"), row.names = 1, check.names = FALSE))
  storage.mode(x) <- "double"
  run <- function(...) gsva(x, sets, min.sz = 1, max.sz = Inf, verbose = FALSE, ...)
  out <- function(what) paste0("R_", name, "_", what, ".csv")
  write_answer(run(method = "ssgsea", ssgsea.norm = FALSE), out("ssgsea_raw"))
  write_answer(run(method = "ssgsea", ssgsea.norm = FALSE, tau = 1), out("ssgsea_raw_alpha1"))
  write_answer(run(method = "ssgsea", ssgsea.norm = TRUE), out("ssgsea_norm"))
}
write_answer(gsva(as.matrix(read.csv("untied.csv", row.names = 1, check.names = FALSE)), sets,
                  min.sz = 1, max.sz = Inf, verbose = FALSE, method = "zscore"), "R_untied_zscore.csv")
cat(R.version.string, "GSVA", as.character(packageVersion("GSVA")), "\n")
