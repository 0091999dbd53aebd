# Waits for the name of a method on stdin, scores once with R GSVA on one worker, answers with the seconds.
# Arguments: folder with bulk.bin (doubles, genes fastest), sets.gmt, and where the scores are written.
suppressMessages(library(GSVA))
folder <- commandArgs(trailingOnly = TRUE)[1]
x <- matrix(readBin(file.path(folder, "bulk.bin"), "double", 20000 * 500), nrow = 20000)
rownames(x) <- sprintf("G%05d", 0:19999)
colnames(x) <- sprintf("S%d", 0:499)
lines <- strsplit(readLines(file.path(folder, "sets.gmt")), "\t")
sets <- setNames(lapply(lines, function(w) w[-(1:2)]), sapply(lines, `[`, 1))
cat("ready", as.character(packageVersion("GSVA")), R.version.string, "\n", sep = "\t")
input <- file("stdin", "r")
while (length(line <- readLines(input, n = 1)) > 0) {
  more <- if (line == "ssgsea") list(ssgsea.norm = FALSE) else list()
  arguments <- c(list(x, sets, method = line, min.sz = 1, max.sz = Inf, parallel.sz = 1, verbose = FALSE), more)
  seconds <- system.time(out <- suppressWarnings(do.call(gsva, arguments)))["elapsed"]
  writeBin(as.double(out[names(sets), ]), file.path(folder, paste0(line, ".bin")))
  cat("done", seconds, "\n", sep = "\t")
}
