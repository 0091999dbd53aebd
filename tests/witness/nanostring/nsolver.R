# nSolver's documented steps and geNorm in base R, from the descriptions, without any package.
# Rscript nsolver.R (from this folder) reads lane_*.RCC and writes values_*.csv, lanes.csv, genorm.csv.
# R 4.2.2; written apart from the Python code.
read <- function(f) {
  l <- readLines(f); a <- which(l == "<Code_Summary>"); b <- which(l == "</Code_Summary>")
  read.csv(text = l[(a + 1):(b - 1)], stringsAsFactors = FALSE)
}
files <- sort(list.files(pattern = "^lane_.*RCC$"))
tabs <- lapply(files, read); names(tabs) <- sub("\\.RCC$", "", files)
m <- sapply(tabs, function(t) t$Count); cls <- tabs[[1]]$CodeClass; nm <- tabs[[1]]$Name
rownames(m) <- nm
gm <- function(x) exp(mean(log(x)))
pos <- m[cls == "Positive", ]; neg <- m[cls == "Negative", ]
conc <- as.numeric(sub(".*\\((.*)\\)", "\\1", rownames(pos)))
r2 <- apply(pos[conc >= 0.5, ], 2, function(y) summary(lm(log2(y) ~ log2(conc[conc >= 0.5])))$r.squared)
lod <- apply(neg, 2, function(x) mean(x) + 2 * sd(x))

nsolver <- function(background, pos_rows, hk) {
  x <- m[cls %in% c("Endogenous", "Housekeeping"), ]
  level <- switch(background, none = NULL, mean = colMeans(neg), mean2sd = lod, max = apply(neg, 2, max))
  if (!is.null(level)) { x <- sweep(x, 2, level, "-"); x[x < 0] <- 0 }
  g <- apply(pos[pos_rows, ], 2, gm); p <- mean(g) / g
  x <- sweep(x, 2, p, "*")
  h <- apply(x[hk, ], 2, gm); ct <- mean(h) / h
  list(x = sweep(x, 2, ct, "*"), p = p, c = ct)
}
hk <- nm[cls == "Housekeeping"]
run <- nsolver("none", 1:6, hk)
sub <- nsolver("mean2sd", 1:6, hk)
ae <- nsolver("none", 1:5, c("ABCF1", "TBP"))
write.csv(run$x, "values_run.csv"); write.csv(sub$x, "values_run_mean2sd.csv"); write.csv(ae$x, "values_run_two_genes.csv")
write.csv(data.frame(r2 = r2, lod = lod, positive = run$p, content = run$c), "lanes.csv")

# geNorm, Vandesompele 2002: M_j = mean over k of sd(log2(a_j / a_k)); the worst leaves until two are left
l2 <- log2(t(m[hk, ])); left <- hk; out <- data.frame()
while (length(left) > 2) {
  M <- sapply(left, function(j) mean(sapply(setdiff(left, j), function(k) sd(l2[, j] - l2[, k]))))
  worst <- names(which.max(M)); out <- rbind(data.frame(gene = worst, M = max(M)), out); left <- setdiff(left, worst)
}
M2 <- sd(l2[, left[1]] - l2[, left[2]])
out <- rbind(data.frame(gene = left, M = M2), out)
nf <- function(n) rowMeans(l2[, out$gene[1:n], drop = FALSE])
out$V <- c(NA, sapply(2:(nrow(out) - 1), function(n) sd(nf(n + 1) - nf(n))), NA)  # V of row n: V(n/n+1)
write.csv(out, "genorm.csv", row.names = FALSE)
