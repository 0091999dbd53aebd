# Answers of R for tests/test_paired_witness.py. Run here: Rscript paired.R  (writes paired.json)
# R 4.2.2; exactRankTests 0.8.35 (perm.test, wilcox.exact), coin 1.4.2 (wilcoxsign_test, exact), boot, base R.
suppressMessages({library(exactRankTests); library(coin); library(boot); library(jsonlite)})

flips <- function(n) as.matrix(expand.grid(rep(list(c(1, -1)), n)))

make <- function(name, n, seed) {
  set.seed(seed)
  if (name == "integer") {              # ties and zeros
    pre <- sample(10:16, n, TRUE); post <- pre - sample(-2:4, n, TRUE)
  } else if (name == "decimal") {       # one decimal: 3.3-2.3 is not 4.1-3.1 in floating point
    pre <- round(rnorm(n, 3.5, 1), 1); post <- round(pre - rnorm(n, .5, .8), 1)
  } else {                              # four decimals, hardly any ties
    pre <- round(rnorm(n, 5, 1), 4); post <- round(pre - rnorm(n, .5, 1), 4)
  }
  list(pre = pre, post = post)
}

nct_bounds <- function(t, df) sapply(c(.975, .025), function(target)
  uniroot(function(m) pt(t, df, m) - target, c(t - 10 - 2 * abs(t), t + 10 + 2 * abs(t)), tol = 1e-13)$root)

# Interval by trying one centre in each gap between Walsh averages, all sign patterns of the mid-ranks.
hl_interval <- function(d, tail = .025) {
  w <- sort(unique(round(outer(d, d, "+") / 2, 9)[upper.tri(diag(length(d)), TRUE)])); s <- flips(length(d)) > 0
  side <- function(w, d) {
    got <- c(NA, NA)
    for (i in seq_along(w)) {
      centre <- if (i == 1) w[1] - 1 else (w[i - 1] + w[i]) / 2
      x <- d - centre; r <- rank(round(abs(x), 10)); null <- s %*% r
      p <- mean(null >= sum(r[x > 0]) - 1e-9)
      if (p > tail + 1e-12) break
      got <- c(w[i], p)
    }
    got
  }
  lo <- side(w, d); hi <- side(sort(-w), -d)
  c(lo[1], -hi[1], 1 - lo[2] - hi[2])
}

answer <- function(kind, n, seed) {
  x <- make(kind, n, seed); pre <- x$pre; post <- x$post; d <- round(post - pre, 9); whole <- round(d * 10^4)
  out <- list(kind = kind, n = n, seed = seed, pre = pre, post = post)
  if (any(d != 0)) {
    for (alt in c("two.sided", "less", "greater")) {
      # at n = 40 the shift algorithm needs small whole numbers
      scaled <- if (kind == "integer") round(d) else if (kind == "decimal") round(10 * d) else whole
      if (n <= 16 || kind != "fine")
        out$flip[[alt]] <- perm.test(scaled, rep(0, n), paired = TRUE, alternative = alt, exact = TRUE)$p.value
      sgn <- function(zero) as.numeric(pvalue(wilcoxsign_test(y ~ x, data = data.frame(y = d, x = rep(0, n)), alternative = alt,
                                                              zero.method = zero, distribution = "exact")))
      out$pratt[[alt]] <- sgn("Pratt"); out$wilcox[[alt]] <- sgn("Wilcoxon")
      out$exactRankTests[[alt]] <- suppressWarnings(wilcox.exact(d, alternative = alt, exact = TRUE)$p.value)
      out$sign[[alt]] <- binom.test(sum(d > 0), sum(d != 0), alternative = alt)$p.value
    }
    if (n <= 12) {
      s <- flips(n) %*% d; out$flip_enumerated <- mean(abs(s) >= abs(sum(d)) - 1e-9)
    }
  }
  w <- outer(d, d, "+") / 2; out$HL <- median(w[upper.tri(w, TRUE)])
  if (n <= 10 && n >= 6) out$HL_interval <- hl_interval(d)
  if (!any(d == 0) && !anyDuplicated(abs(d)) && n >= 6) {
    ci <- wilcox.test(d, conf.int = TRUE, exact = TRUE)$conf.int
    k <- qsignrank(.025, n); out$HL_untied <- c(ci[1:2], 1 - 2 * psignrank(k - 1, n))
  }
  if (n <= 12) {
    means <- sort(unlist(lapply(1:n, function(k) combn(n, k, function(i) mean(d[i])))))
    k <- floor(.025 * 2^n); if (k >= 1) out$flip_interval <- c(means[k], rev(means)[k], 1 - 2 * k / 2^n)
  }
  if (sd(d) > 0) {
    tt <- t.test(post, pre, paired = TRUE); t90 <- t.test(post, pre, paired = TRUE, conf.level = .9)
    out$t <- c(tt$statistic, tt$p.value, tt$conf.int, tt$stderr, tt$parameter)
    out$tost <- c(t.test(d, mu = -1, alternative = "greater")$p.value, t.test(d, mu = 1, alternative = "less")$p.value, t90$conf.int)
    df <- n - 1; J <- gamma(df / 2) / (sqrt(df / 2) * gamma((df - 1) / 2)); if (n == 2) J <- NA
    dz <- mean(post - pre) / sd(post - pre); dav <- mean(post - pre) / sqrt((var(pre) + var(post)) / 2)
    out$effects <- list(d_z = dz, g_z = J * dz, d_av = dav, g_av = J * dav)
    out$nct <- nct_bounds(unname(tt$statistic), df) / sqrt(n)
    if (n >= 3 && sd(pre) > 0 && sd(post) > 0) {
      out$effects$pearson <- cor(pre, post); out$effects$d_rm <- dz * sqrt(2 * (1 - cor(pre, post)))
      o <- cor.test((pre + post) / 2, post - pre); out$oldham <- c(unname(o$estimate), o$p.value)
    }
  }
  r <- rank(abs(d[d != 0])); s <- sign(d[d != 0])
  if (length(r)) out$effects$rank_biserial <- sum(r * s) / sum(r)
  out$effects$p_post_below_pre <- mean(d < 0) + mean(d == 0) / 2
  if (n >= 12 && kind == "fine") {
    set.seed(1)
    b <- boot(cbind(pre, post), function(m, i) J * mean(m[i, 2] - m[i, 1]) / sqrt((var(m[i, 1]) + var(m[i, 2])) / 2), R = 40000)
    out$g_av_bca <- boot.ci(b, type = "bca")$bca[4:5]
  }
  out
}

max_t <- function(n, k, seed) {
  set.seed(seed)
  common <- rnorm(n)
  d <- round(sapply(1:k, function(j) 10^(j - 2) * (common + rnorm(n) - c(1.2, 0, .6, 0, 2)[j])), 3)
  if (seed == 3) d[, 2] <- 0
  tstat <- function(m) { se <- apply(m, 2, sd) / sqrt(n); m1 <- abs(colMeans(m)); ifelse(m1 == 0, 0, m1 / se) }
  obs <- tstat(d); all <- t(apply(flips(n), 1, function(s) tstat(d * s))); near <- 1 - 1e-9
  raw <- sapply(1:k, function(j) mean(all[, j] >= obs[j] * near))
  single <- sapply(1:k, function(j) mean(apply(all, 1, max) >= obs[j] * near))
  o <- order(-obs); step <- numeric(k)
  for (i in seq_along(o)) step[o[i]] <- mean(apply(all[, o[i:k], drop = FALSE], 1, max) >= obs[o[i]] * near)
  step[o] <- cummax(step[o])
  list(n = n, changes = d, t = colMeans(d) / (apply(d, 2, sd) / sqrt(n)), raw = raw, single = single, step = step)
}

cases <- list()
for (n in c(2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 30, 40)) for (kind in c("integer", "decimal", "fine"))
  cases[[length(cases) + 1]] <- answer(kind, n, 100 * n + nchar(kind))
for (seed in 1:4) for (kind in c("integer", "decimal")) cases[[length(cases) + 1]] <- answer(kind, 9, seed)

binom <- lapply(list(c(0, 6), c(5, 6), c(6, 6), c(1, 1), c(3, 14), c(17, 40)), function(x)
  list(k = x[1], n = x[2], ci95 = binom.test(x[1], x[2])$conf.int[1:2], ci90 = binom.test(x[1], x[2], conf.level = .9)$conf.int[1:2]))
fish <- lapply(list(c(5, 2, 1, 6), c(3, 0, 1, 4), c(10, 12, 9, 9), c(1, 1, 1, 1)), function(x) {
  f <- fisher.test(matrix(x, 2)); ci <- f$conf.int; list(table = matrix(x, 2), p = f$p.value, odds = unname(f$estimate), low = ci[1], high = ci[2])})
fish <- lapply(fish, function(f) lapply(f, function(v) if (is.numeric(v) && length(v) == 1 && is.infinite(v)) "Inf" else v))

versions <- sapply(c("exactRankTests", "coin", "boot"), function(p) as.character(packageVersion(p)))
write_json(list(R = R.version.string, packages = as.list(versions), cases = cases, max_t = list(max_t(6, 4, 1), max_t(8, 5, 2), max_t(7, 4, 3),
           max_t(9, 5, 4)), binom = binom, fisher = fish), "paired.json", digits = I(17), auto_unbox = TRUE, na = "null", matrix = "rowmajor")
