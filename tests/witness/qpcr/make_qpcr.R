# Scores of long.csv by base R, independent of ifnscore: Rice's median of fold changes, and sums of -ddCt.
# Run here with Rscript make_qpcr.R (R 4.2.2); writes R_scores.csv.
d <- read.csv("long.csv", check.names = FALSE)
d$key <- ifelse(d$sample == "C25", paste0(d$sample, "@", d$plate), d$sample)
m <- tapply(d$Ct, list(d$key, d$gene), mean)
isg <- c("IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1")
dct <- m[, isg] - rowMeans(m[, c("HPRT1", "18S")])
info <- unique(d[, c("key", "plate", "group")])
info <- info[match(rownames(dct), info$key), ]
healthy <- info$group == "healthy"

# against all healthy people: RQ relative to the first calibrator, which cancels out
rq <- 2^-sweep(dct, 2, dct["C25@p1", ])
fc <- sweep(rq, 2, apply(rq[healthy, ], 2, median), "/")
rice <- apply(fc, 1, median)
ddct <- rowSums(sweep(-dct, 2, colMeans(-dct[healthy, ])))

# against the calibrator of the own plate
rice_plate <- ddct_plate <- setNames(numeric(nrow(dct)), rownames(dct))
for (k in rownames(dct)) {
  cal <- dct[paste0("C25@", info$plate[info$key == k]), ]
  rice_plate[k] <- median(2^-(dct[k, ] - cal))
  ddct_plate[k] <- sum(cal - dct[k, ])
}
sd_max <- tapply(d$Ct, list(d$key, d$gene), sd)
out <- data.frame(sample = rownames(dct), rice, ddct, rice_plate, ddct_plate, sd_max = apply(sd_max, 1, max)[rownames(dct)])
write.csv(format(out, digits = 15), "R_scores.csv", row.names = FALSE, quote = FALSE)
