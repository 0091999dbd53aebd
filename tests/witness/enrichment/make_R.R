# Answers of R GSVA (gsva, plage, zscore) on log.csv, tied.csv and counts.csv; run in this folder: Rscript make_R.R
suppressMessages(library(GSVA))
lines <- strsplit(readLines("sets.gmt"), "\t")
sets <- lapply(lines, function(x) x[-(1:2)])
names(sets) <- sapply(lines, `[`, 1)
read <- function(name) {
  x <- as.matrix(read.csv(paste0(name, ".csv"), row.names = 1, check.names = FALSE))
  storage.mode(x) <- "double"
  x
}
answers <- NULL
run <- function(name, what, ...) {
  got <- suppressWarnings(gsva(read(name), sets, min.sz = 1, max.sz = Inf, verbose = FALSE, ...))
  got <- t(got[names(sets)[names(sets) %in% rownames(got)], ])
  full <- matrix(NA_real_, nrow(got), length(sets), dimnames = list(rownames(got), names(sets)))
  full[, colnames(got)] <- got
  made <- data.frame(matrix = name, what = what, sample = rownames(full))
  for (s in names(sets)) made[[s]] <- formatC(full[, s], digits = 17, format = "g")
  answers <<- rbind(answers, made)
}
for (name in c("log", "tied")) {
  run(name, "gaussian", method = "gsva", kcdf = "Gaussian")
  run(name, "gaussian mx_diff=false", method = "gsva", kcdf = "Gaussian", mx.diff = FALSE)
  run(name, "gaussian abs_ranking=true", method = "gsva", kcdf = "Gaussian", abs.ranking = TRUE)
  run(name, "gaussian tau=0.25", method = "gsva", kcdf = "Gaussian", tau = 0.25)
  run(name, "none", method = "gsva", kcdf = "none")
  run(name, "none mx_diff=false tau=0.25", method = "gsva", kcdf = "none", mx.diff = FALSE, tau = 0.25)
  run(name, "zscore", method = "zscore")
  run(name, "plage", method = "plage")
}
run("counts", "poisson", method = "gsva", kcdf = "Poisson")
run("counts", "poisson mx_diff=false", method = "gsva", kcdf = "Poisson", mx.diff = FALSE)
run("deep", "poisson", method = "gsva", kcdf = "Poisson")
run("deep", "poisson mx_diff=false", method = "gsva", kcdf = "Poisson", mx.diff = FALSE)
write.csv(answers, "R.csv", quote = FALSE, row.names = FALSE)
cat(R.version.string, "GSVA", as.character(packageVersion("GSVA")), "\n")
