# Inputs and output of the R scripts of this folder.
read_matrix <- function(file) {
  x <- as.matrix(read.csv(file, row.names = 1, check.names = FALSE))
  storage.mode(x) <- "double"
  x
}

# log: no ties; counts, log1p (of counts per 10,000) and cpm (log2 of counts per million + 1): ties and zeros; half: log without half of KIM28
matrix_of <- function(data) {
  if (data == "counts") return(read_matrix("counts.csv"))
  if (data %in% c("log1p", "cpm")) {
    counts <- read_matrix("counts.csv")
    share <- sweep(counts, 2, colSums(counts), "/")
    return(if (data == "log1p") log1p(share * 1e4) else log2(share * 1e6 + 1))
  }
  x <- read_matrix("log.csv")
  if (data == "half") x <- x[!rownames(x) %in% roles_of("not in half"), ]
  x
}

roles_of <- function(role) {
  roles <- read.csv("roles.csv")
  roles$gene[roles$role == role]
}

# halved = TRUE: genes that go up and down as two sets; FALSE: sets without genes that go down only; NA: all genes as one set
sets_of <- function(halved) {
  net <- read.csv("sets.csv")
  of <- function(keep) split(net$target[keep], factor(net$source[keep], unique(net$source[keep])))
  if (is.na(halved)) return(of(TRUE | net$weight > 0))
  down <- unique(net$source[net$weight < 0])
  plain <- of(!net$source %in% down)
  if (!halved) return(plain)
  up <- of(net$source %in% down & net$weight > 0)
  low <- of(net$source %in% down & net$weight < 0)
  names(up) <- paste0(names(up), "_up")
  names(low) <- paste0(names(low), "_down")
  c(plain, up, low)
}

# answers: sets x samples
kept <- list()
keep <- function(data, call, x) {
  x <- as.data.frame(x)
  x[] <- lapply(x, function(v) trimws(formatC(v, digits = 15, format = "g")))
  kept[[length(kept) + 1]] <<- cbind(data = data, call = call, set = rownames(x), x)
}
save_kept <- function(file) write.csv(do.call(rbind, kept), file, quote = FALSE, row.names = FALSE)
