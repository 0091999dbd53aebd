# Sums and single genes of real quantifications, read by base R and tximport; the files are named on the command line.
# Rscript make_shared_R.R /path/to/specimens quant_shared.csv
suppressMessages(library(tximport))
a <- commandArgs(TRUE); d <- a[1]
out <- data.frame(); add <- function(what, gene, sample, value)
  out <<- rbind(out, data.frame(what, gene, sample, value = format(value, digits = 15, trim = TRUE)))
genes <- c("ISG15", "MX1", "IFI27", "IFIT1", "A1BG")

star <- read.delim(file.path(d, "star", "ERR458837_subsamp_1ReadsPerGene.out.tab"), header = FALSE)
sums <- colSums(star[-(1:4), 2:4])
for (i in 1:3) add(paste0("star_", c("unstranded", "forward", "reverse")[i]), "all", "ERR458837_subsamp_1", sums[[i]])
add("star_forward", "ENSG00000187608", "ERR458837_subsamp_1", star[star$V1 == "ENSG00000187608", 3])

rsem <- read.delim(file.path(d, "rsem", "ERR188021.genes.results"))
for (q in c("TPM", "expected_count", "FPKM")) {
  add(paste0("rsem_", q), "all", "ERR188021", sum(rsem[[q]]))
  for (g in genes) add(paste0("rsem_", q), g, "ERR188021", rsem[rsem$gene_id == g, q])
}

files <- c(ERR188021 = NA, ERR188088 = NA)
files[] <- file.path(d, "salmon", names(files), "quant.sf")
map <- read.csv(file.path(d, "tximport_meta", "tx2gene.csv"))
for (how in c("no", "scaledTPM", "lengthScaledTPM")) {
  t <- suppressMessages(tximport(files, type = "salmon", tx2gene = map, countsFromAbundance = how, importer = read.delim))
  for (s in names(files)) {
    for (g in genes) add(paste0("salmon_counts_", how), g, s, t$counts[g, s])
    add(paste0("salmon_counts_", how), "all", s, sum(t$counts[, s]))
    if (how == "no") for (g in genes) add("salmon_tpm", g, s, t$abundance[g, s])
    if (how == "no") add("salmon_tpm", "all", s, sum(t$abundance[, s]))
  }
}

fc <- read.delim(file.path(d, "featurecounts", "counts.txt"), comment.char = "#", check.names = FALSE)
for (s in names(fc)[-(1:6)]) add("featurecounts", "all", sub("\\.bam$", "", basename(s)), sum(fc[[s]]))

hts <- read.delim(list.files(file.path(d, "htseq"), full.names = TRUE)[1], header = FALSE)
add("htseq", "all", "multiqc_issue2114_WTCHG_536273_229157", sum(hts[!startsWith(hts$V1, "__"), ncol(hts)]))
write.csv(out, a[2], row.names = FALSE, quote = FALSE)
