# Answers of the R packages singscore, UCell and AUCell; run in this folder: Rscript make_R_ranks.R
suppressMessages({library(singscore); library(UCell); library(AUCell); library(Matrix)})
source("common.R")
halves <- sets_of(halved = TRUE)
plain <- sets_of(halved = FALSE)
whole <- sets_of(halved = NA)

of_singscore <- function(x, ties, stable = NULL, ...) {
  ranks <- rankGenes(x, tiesMethod = ties, stableGenes = stable)
  one <- function(up, down = NULL) {
    if (is.null(down)) return(suppressWarnings(simpleScore(ranks, upSet = up, ...)$TotalScore))
    suppressWarnings(simpleScore(ranks, upSet = up, downSet = down, ...)$TotalScore)
  }
  found <- rbind(t(sapply(plain, one)), BOTH = one(halves$BOTH_up, halves$BOTH_down))
  colnames(found) <- colnames(x)
  found
}

of_ucell <- function(x, ...) {
  sets <- c(plain, list(BOTH = c(paste0(halves$BOTH_up, "+"), paste0(halves$BOTH_down, "-"))))
  t(ScoreSignatures_UCell(as(x, "dgCMatrix"), sets, name = "", ...))
}

of_aucell <- function(x, seed, sets = halves) {
  set.seed(seed)
  ranks <- AUCell_buildRankings(x, plotStats = FALSE, verbose = FALSE)
  getAUC(AUCell_calcAUC(sets, ranks, verbose = FALSE))
}

for (data in c("log", "log1p", "cpm", "half")) {
  x <- matrix_of(data)
  keep(data, "singscore", of_singscore(x, "min"))
  keep(data, "singscore average", of_singscore(x, "average"))
  keep(data, "singscore max", of_singscore(x, "max"))
  keep(data, "singscore centerScore=FALSE", of_singscore(x, "min", centerScore = FALSE))
  keep(data, "singscore stable", of_singscore(x, "min", stable = roles_of("stable")))
  ranks <- rankGenes(x)
  unknown <- function(set) suppressWarnings(simpleScore(ranks, upSet = set, knownDirection = FALSE)$TotalScore)
  keep(data, "singscore unknown", structure(t(sapply(whole, unknown)), dimnames = list(names(whole), colnames(x))))
  keep(data, "ucell", of_ucell(x))
  keep(data, "ucell maxRank=100", of_ucell(x, maxRank = 100))
  keep(data, "ucell maxRank=100 skip", of_ucell(x, maxRank = 100, missing_genes = "skip"))
  keep(data, "ucell maxRank=100 skip min", of_ucell(x, maxRank = 100, missing_genes = "skip", ties.method = "min"))
  keep(data, "ucell maxRank=300 skip", of_ucell(x, maxRank = 300, missing_genes = "skip"))
  keep(data, "aucell seed 1", of_aucell(x, 1))
}
x <- matrix_of("log1p")
drawn <- lapply(1:2000, function(seed) of_aucell(x, seed, plain))
keep("log1p", "aucell mean of 2000 seeds", Reduce(`+`, drawn) / length(drawn))
save_kept("R_ranks.csv")
cat(R.version.string, sapply(c("singscore", "UCell", "AUCell"), function(p) paste(p, packageVersion(p))), "\n")
