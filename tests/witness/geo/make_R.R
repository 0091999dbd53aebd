# Witnesses of the GEO and GCT readers: R 4.2.2, GEOquery 2.66.0, WGCNA 1.72-1, genefilter 1.80.3, base R.
# Run in this folder: python make_inputs.py && Rscript make_R.R
suppressMessages({library(GEOquery); library(WGCNA)})
series <- suppressMessages(getGEO(filename = "GSE900000_series_matrix.txt", getGPL = FALSE))
x <- exprs(series)
write.csv(x[order(rownames(x)), ], "R_GEOquery_values.csv")
obs <- pData(series)
write.csv(obs[, grep(":ch1$", colnames(obs))], "R_GEOquery_obs.csv")

lines <- readLines("GPL900.annot")
from <- grep("^!platform_table_begin", lines); to <- grep("^!platform_table_end", lines)
annot <- read.delim(text = lines[(from + 1):(to - 1)], quote = "", check.names = FALSE, colClasses = "character")
gene <- annot[["Gene symbol"]][match(rownames(x), annot$ID)]
full <- x[complete.cases(x), ]; g <- gene[complete.cases(x)]
# MaxMean without connectivity, as Miller et al. recommend; probes with a missing value left out beforehand
top <- collapseRows(full, g, rownames(full), method = "MaxMean", connectivityBasedCollapsing = FALSE)
write.csv(data.frame(gene = top$group2row[, 1], probe = top$group2row[, 2]), "R_WGCNA_maxmean.csv", row.names = FALSE)
avg <- t(sapply(split(seq_along(g), g), function(i) colMeans(full[i, , drop = FALSE])))
write.csv(avg, "R_mean.csv")
spread <- apply(full, 1, IQR)  # type 7
names(spread) <- rownames(full)
best <- sapply(split(names(spread), g), function(p) p[which.max(spread[p])])
write.csv(data.frame(gene = names(best), probe = best), "R_best_iqr.csv", row.names = FALSE)

gct <- read.delim("synthetic.gct", skip = 2, header = TRUE)
values <- sapply(gct[-(1:2), c("s1", "s2", "s3", "s4")], as.numeric)
write.csv(data.frame(sample = colnames(values), sum = colSums(values)), "R_gct_sums.csv", row.names = FALSE)

specimens <- "../../../../shared/specimens"
if (dir.exists(specimens)) {
  path <- file.path(specimens, "geo_series_matrix/GSE42872_series_matrix.txt.gz")
  real <- read.table(gzfile(path), skip = 59, nrows = 33297, header = TRUE, row.names = 1, sep = "\t")
  cat("GSE42872", dim(real), "\n"); print(format(colSums(real), digits = 12))
  leuk <- read.delim(gzfile(file.path(specimens, "gct/Leukemia_hgu95av2.trim.gct.gz")), skip = 2, check.names = FALSE)
  m <- as.matrix(leuk[, -(1:2)])
  cat("Leukemia", dim(m), format(sum(m), digits = 12), min(m), max(m), format(sum(m[, "AML_24"]), digits = 12), "\n")
}
