# Writes the specimens of tests/test_read_r.py and R's own answers about them (expected.csv, dims.csv).
# Rscript make_r_data.R     R 4.2.2; Matrix 1.5.3, SummarizedExperiment 1.28.0, SingleCellExperiment 1.20.0, DESeq2 1.38.3,
# Biobase 2.58.0, edgeR 3.40.2, limma 3.54.1, SeuratObject 4.1.3 and, with Rscript make_r_data.R v5 LIBRARY, SeuratObject 5.4.0.
suppressPackageStartupMessages({library(Matrix)})
genes <- c("ISG15", "MX1", "IFI44L", "RSAD2", "ACTB", "SEPTIN2")
samples <- c("s1", "s2", "s3", "s4")
m <- matrix(c(10L, 0L, 3L, 7L, 500L, 12L,  250L, 90L, 0L, 61L, 480L, 9L,
              11L, 1L, 2L, 0L, 620L, 15L,  300L, 120L, 75L, 33L, 510L, 0L), 6, 4, dimnames = list(genes, samples))
storage.mode(m) <- "integer"
d <- m + 0.25
group <- factor(c("healthy", "jdm", "healthy", NA), levels = c("jdm", "healthy"))
pheno <- data.frame(group = group, age = c(9L, NA, 12L, 7L), rin = c(8.5, 7, NA, 9.1), treated = c(TRUE, FALSE, TRUE, FALSE),
                    seen = as.Date("2020-01-02") + 0:3, contact_name = "somebody", row.names = samples, stringsAsFactors = FALSE)
sparse <- as(Matrix(d, sparse = TRUE), "dgCMatrix"); sparse[m == 0L] <- 0; sparse <- drop0(sparse)
mem <- function(...) saveRDS(..., compress = TRUE)

seurat <- function(file, ...) {
  library(SeuratObject, ...)
  counts <- as(Matrix(m + 0, sparse = TRUE), "dgCMatrix")
  x <- suppressWarnings(CreateSeuratObject(counts, meta.data = pheno[c("group", "age")]))
  x[["ADT"]] <- suppressWarnings(if (packageVersion("SeuratObject") >= "5.0.0") CreateAssay5Object(counts[1:2, ]) else
    CreateAssayObject(counts[1:2, ]))
  saveRDS(x, file)
  x
}
if (identical(commandArgs(TRUE)[1], "v5")) {
  x <- seurat("seurat5.rds", lib.loc = commandArgs(TRUE)[2])
  y <- x; y[["RNA"]] <- split(y[["RNA"]], f = c("a", "a", "b", "b")); saveRDS(y, "seurat5_split.rds")
  cat(class(x[["RNA"]]), dim(x), "\n")
  quit()
}
seurat("seurat4.rds")

write.csv(m, "expected.csv", quote = FALSE)
mem(m, "int_matrix.rds")
saveRDS(m, "ascii.rds", ascii = TRUE)
saveRDS(m, "v2.rds", version = 2)
saveRDS(m, "bzip2.rds", compress = "bzip2")
saveRDS(m, "xz.rds", compress = "xz")
saveRDS(m, "plain.rds", compress = FALSE)
mem(d, "double_matrix.rds")
mem(t(d), "transposed.rds")
na <- m; na["MX1", "s3"] <- NA; mem(na, "na_int.rds")
na <- d; na["MX1", "s3"] <- NA; na["MX1", "s4"] <- NaN; mem(na, "na_double.rds")
mem(unname(d), "unnamed.rds")
mem(sparse, "dgCMatrix.rds"); mem(as(sparse, "RsparseMatrix"), "dgRMatrix.rds"); mem(as(sparse, "TsparseMatrix"), "dgTMatrix.rds")
mem(t(sparse), "sparse_transposed.rds")
mem(as(as(d, "denseMatrix"), "generalMatrix"), "dgeMatrix.rds")
frame <- data.frame(symbol = genes, biotype = factor(c("a", "b", "a", NA, "b", "a")), m, check.names = FALSE)
mem(frame, "frame.rds")
rownames(frame) <- paste0("probe_", 1:6); mem(frame, "frame_probes.rds")
mem(data.frame(as.data.frame(t(m)), group = group, seen = pheno$seen), "frame_samples.rds")
mem(data.frame(n = 1:3, k = 4:6), "frame_numbers.rds")
altrep <- data.frame(gene = c("ISG15", "MX1", "RSAD2"), s1 = NA, s2 = NA); altrep$s1 <- 5:7; altrep$s2 <- as.numeric(1:3)
mem(altrep, "altrep.rds")
latin <- m; colnames(latin)[1] <- "Zo\xeb"; Encoding(colnames(latin)) <- "latin1"; mem(latin, "latin1.rds")
mem(list(counts = m, meta = pheno), "list.rds")
mem(list(abundance = d, counts = m, length = d * 10, countsFromAbundance = "no"), "tximport.rds")
mem(list(a = d, b = m), "two.rds")
counts <- m; tpm <- d; helper <- compiler::cmpfun(function(x) { system("touch /tmp/ifnscore_was_here"); x }); note <- "text"
save(counts, tpm, helper, note, pheno, file = "workspace.RData")
save(counts, helper, note, file = "one.rda", ascii = TRUE)
blood <- d; skin <- d; save(blood, skin, file = "two.rda")
mem(lm(rin ~ age, pheno), "lm.rds")
mem(function(x) x, "function.rds")
mem(new.env(), "environment.rds")
mem(c(a = 1, b = 2), "vector.rds")
mem(NULL, "null.rds")
delayedAssign("promised", {system("touch /tmp/ifnscore_was_here"); m}); e <- environment()
mem(list(f = local({delayedAssign("p", system("touch /tmp/ifnscore_was_here")); environment()}), counts = m), "promise.rds")

suppressPackageStartupMessages({library(SummarizedExperiment); library(SingleCellExperiment)})
se <- SummarizedExperiment(list(logcounts = log2(d), counts = m), colData = DataFrame(pheno, batch = Rle(c("u", "v"), c(3, 1))),
                           rowData = DataFrame(entrez_id = 1:6, type = "coding"))
mem(se, "se.rds")
gr <- GRanges("chr1", IRanges(1:6, width = 10), names = NULL); names(gr) <- genes
bare <- m; dimnames(bare) <- NULL
mem(SummarizedExperiment(list(tpm = bare + 0.25), rowRanges = gr, colData = DataFrame(pheno["age"])), "rse.rds")
grl <- split(rep(gr, 2), factor(rep(genes, 2), levels = genes))
mem(SummarizedExperiment(list(counts = bare), rowRanges = grl, colData = DataFrame(pheno["age"])), "rse_list.rds")
sce <- SingleCellExperiment(list(counts = drop0(as(Matrix(m + 0, sparse = TRUE), "dgCMatrix"))), colData = DataFrame(pheno["group"]))
mem(sce, "sce.rds")
suppressPackageStartupMessages(library(DESeq2))
dds <- DESeqDataSetFromMatrix(m, pheno["treated"], ~treated)
sizeFactors(dds) <- rep(1, 4)
mem(dds, "dds.rds")
suppressPackageStartupMessages(library(Biobase))
probes <- d; rownames(probes) <- paste0(1:6, "_at")
fdata <- data.frame(`Gene Symbol` = genes, ID = rownames(probes), row.names = rownames(probes), check.names = FALSE)
mem(ExpressionSet(probes, AnnotatedDataFrame(cbind(pheno, submission_date = "Jan 2 2020")), AnnotatedDataFrame(fdata),
                  experimentData = MIAME(name = "Somebody")), "eset.rds")
suppressPackageStartupMessages({library(edgeR)})
mem(DGEList(m, samples = pheno["age"], group = c("a", "b", "a", "b"), genes = data.frame(symbol = genes)), "dgelist.rds")
mem(new("EList", list(E = log2(d), targets = pheno["group"])), "elist.rds")
mem(DelayedArray::DelayedArray(d) + 1, "delayed.rds")
mem(SummarizedExperiment(list(counts = DelayedArray::DelayedArray(m) + 1L)), "se_delayed.rds")
mem(as(crossprod(Matrix(d, sparse = TRUE)), "dsCMatrix"), "dsCMatrix.rds")

say <- function(file) {
  x <- readRDS(file)
  x <- if (is(x, "SummarizedExperiment")) { if ("counts" %in% assayNames(x)) assay(x, "counts") else assay(x) } else
    if (is(x, "ExpressionSet")) exprs(x) else if (is(x, "DGEList")) x$counts else if (is(x, "EList")) x$E else x
  x <- as.matrix(x)
  data.frame(file = file, rows = nrow(x), columns = ncol(x), total = sum(x, na.rm = TRUE), third_of_second = x[3, 2], missing = sum(is.na(x)))
}
files <- c("int_matrix.rds", "ascii.rds", "v2.rds", "bzip2.rds", "xz.rds", "plain.rds", "double_matrix.rds", "na_int.rds", "na_double.rds",
           "dgCMatrix.rds", "dgRMatrix.rds", "dgTMatrix.rds", "dgeMatrix.rds", "se.rds", "rse.rds", "rse_list.rds", "sce.rds", "dds.rds",
           "eset.rds", "dgelist.rds", "elist.rds")
write.csv(do.call(rbind, lapply(files, say)), "dims.csv", row.names = FALSE, quote = FALSE)
