# Answers for tests/test_association.py and tests/test_two_groups.py.
# R 4.2.2, coin 1.4.2, exactRankTests 0.8.35, pROC 1.18.0, brglm2 0.9, jsonlite 1.8.4 (association.json repeats the versions).
# Rscript association.R        (in this folder; writes association.json: data and answers together)
# Synthetic data, seeded. Permutation p's are enumerated here from their definition where no package has them.
suppressMessages({library(coin); library(exactRankTests); library(pROC); library(brglm2); library(jsonlite)})

orders <- function(n) {                       # all n! orders, one a row
  if (n == 1) return(matrix(1L))
  less <- orders(n - 1)
  do.call(rbind, lapply(seq_len(n), function(first) cbind(first, matrix(setdiff(seq_len(n), first)[less], ncol = n - 1))))
}
two_sided <- function(stats, observed) mean(abs(stats) >= abs(observed) - 1e-9)

# --- rank correlation ------------------------------------------------------------------------------------------------------
spearman_case <- function(x, y) {
  rx <- rank(x); ry <- rank(y); n <- length(x); rho <- cor(rx, ry); perm <- orders(n)
  stats <- as.vector(matrix(ry[perm], ncol = n) %*% (rx - mean(rx)))
  half <- qnorm(0.975) * sqrt((1 + rho^2 / 2) / (n - 3))
  untied <- !anyDuplicated(x) && !anyDuplicated(y)
  tau <- suppressWarnings(cor.test(x, y, method = "kendall", exact = untied))
  list(x = x, y = y, rho = rho, p = two_sided(stats, stats[1]), untied = untied,
       p_cor_test = if (untied) cor.test(x, y, method = "spearman", exact = TRUE)$p.value else NA,
       low = if (n >= 6) tanh(atanh(rho) - half) else NA, high = if (n >= 6) tanh(atanh(rho) + half) else NA,
       tau = unname(tau$estimate), p_tau = tau$p.value)
}
set.seed(31)
rank_cases <- list(
  untied5 = spearman_case(round(rnorm(5), 3), round(rnorm(5), 3)),
  untied7 = { x <- round(rnorm(7), 3); spearman_case(x, round(x + rnorm(7), 3)) },
  untied9 = { x <- round(rnorm(9), 3); spearman_case(x, round(-x + rnorm(9), 3)) },
  ties6 = spearman_case(c(1, 2, 2, 5, 7, 7), c(3, 3, 4, 9, 8, 9)),
  ties8 = spearman_case(rpois(8, 2), rpois(8, 3)),
  zeros9 = spearman_case(c(0, 0, 0, -1.5, -2, -2, -3, 0.5, -1), c(0, -4, 0, -9, -9, -3, -12, 2, 0)))

partial_case <- function(x, y, z) {
  z <- as.matrix(z); n <- length(x); rz <- apply(z, 2, rank); perm <- orders(n)
  ex <- resid(lm(rank(x) ~ rz)); ey <- resid(lm(rank(y) ~ rz))
  design <- cbind(1, rz)
  again <- function(v) lm.fit(design, v)$residuals
  stats <- apply(perm, 1, function(o) cor(again(ey[o]), ex))
  half <- qnorm(0.975) * sqrt((1 + stats[1]^2 / 2) / (n - ncol(z) - 3))
  list(x = x, y = y, z = z, rho = stats[1], p = two_sided(stats, stats[1]),
       low = tanh(atanh(stats[1]) - half), high = tanh(atanh(stats[1]) + half))
}
set.seed(32)
partial_cases <- list(
  one7 = { z <- round(rnorm(7), 2); partial_case(round(z + rnorm(7), 2), round(z + rnorm(7), 2), z) },
  two8 = partial_case(rpois(8, 4), rpois(8, 4), cbind(round(runif(8), 2), rep(0:1, 4))))

# --- repeated measures -----------------------------------------------------------------------------------------------------
repeated_case <- function(d) {
  d$patient <- factor(d$patient)
  answer <- function(formula) {
    fit <- lm(formula, d); row <- summary(fit)$coefficients["x", ]; df <- fit$df.residual
    r <- unname(sign(row[3]) * sqrt(row[3]^2 / (row[3]^2 + df)))
    z <- qnorm(0.975) / sqrt(df - 1)
    list(r = r, df = df, slope = unname(row[1]), f = unname(row[3]^2), p = unname(row[4]),
         low = tanh(atanh(r) - z), high = tanh(atanh(r) + z))
  }
  list(data = lapply(d, function(v) if (is.factor(v)) as.character(v) else v),
       rmcorr = answer(y ~ patient + x), partial = answer(y ~ patient + on + log1p(pmax(day, 0)) + x))
}
visits <- function(n, link) do.call(rbind, lapply(seq_len(n), function(i) {
  day <- c(-sample(5:80, 1), sort(sample(20:330, sample(2:4, 1))))
  x <- round(rnorm(1, 3) - 1.5 * (day > 0) + rnorm(length(day), sd = 0.5), 3)
  data.frame(patient = sprintf("P%02d", i), day = day, on = as.numeric(day > 0), x = x,
             y = round(20 + rnorm(1, sd = 4) - 6 * (day > 0) + link * x + rnorm(length(day), sd = 2)))
}))
set.seed(33)
repeated_cases <- list(n6 = repeated_case(visits(6, 0)), n12 = repeated_case(visits(12, 2)), n3 = repeated_case(visits(3, 1)))

# --- two groups ------------------------------------------------------------------------------------------------------------
newcombe <- function(area, m, n) {             # Newcombe 2006, method 5
  half <- (m + n) / 2 - 1
  f <- function(t) (t - area)^2 - qnorm(0.975)^2 * t * (1 - t) * (1 + half * (1 - t) / (2 - t) + half * t / (1 + t)) / (m * n)
  c(if (area == 0) 0 else uniroot(f, c(0, min(area, 1 - 1e-12)), tol = 1e-15)$root,
    if (area == 1) 1 else uniroot(f, c(max(area, 1e-12), 1), tol = 1e-15)$root)
}
groups_case <- function(a, b) {
  d <- data.frame(v = c(a, b), g = factor(rep(c("a", "b"), c(length(a), length(b))), levels = c("b", "a")))
  untied <- !anyDuplicated(d$v)
  welch <- t.test(b, a); mw <- wilcox.exact(b, a)
  hl <- suppressWarnings(wilcox.test(b, a, conf.int = TRUE, exact = TRUE))
  roc <- roc(rep(0:1, c(length(a), length(b))), c(a, b), direction = "<", quiet = TRUE)
  delong <- as.numeric(ci.auc(roc, method = "delong"))
  area <- as.numeric(auc(roc))
  list(a = a, b = b, untied = untied, difference = mean(b) - mean(a), low = welch$conf.int[1], high = welch$conf.int[2],
       df = unname(welch$parameter), p_t = welch$p.value,
       p_mean = as.numeric(pvalue(oneway_test(v ~ g, d, distribution = "exact"))),
       u = unname(mw$statistic), p_mw = mw$p.value, p_mw_coin = as.numeric(pvalue(wilcox_test(v ~ g, d, distribution = "exact"))),
       shift = median(outer(b, a, "-")), shift_low = if (untied) hl$conf.int[1] else NA,
       shift_high = if (untied) hl$conf.int[2] else NA,
       auc = area, delong_var = as.numeric(var(roc, method = "delong")), delong_low = delong[1], delong_high = delong[3],
       newcombe = newcombe(area, length(b), length(a)))
}
set.seed(34)
group_cases <- list(
  untied55 = groups_case(round(rnorm(5), 3), round(rnorm(5, 1), 3)),
  untied79 = groups_case(round(rnorm(7), 3), round(rnorm(9, 1), 3)),
  ties47 = groups_case(c(1, 1, 2, 3), c(2, 2, 3, 3, 3, 5, 9)),
  ties86 = groups_case(rpois(8, 3), rpois(6, 5)),
  skewed610 = groups_case(round(rexp(6), 1), round(rexp(10, 0.4), 1)),
  separate44 = groups_case(c(0.1, 0.2, 0.3, 0.5), c(0.9, 1.1, 1.4, 2.2)))

# --- Firth -----------------------------------------------------------------------------------------------------------------
penalised <- function(beta, x, y) {
  eta <- drop(x %*% beta); w <- plogis(eta) * plogis(-eta)
  sum(ifelse(y == 1, plogis(eta, log.p = TRUE), plogis(-eta, log.p = TRUE))) + determinant(crossprod(x * w, x))$modulus[1] / 2
}
best <- function(x, y, j, value, start) {       # maximum with coefficient j held at `value`; j = 0 holds none
  full <- function(free) if (j == 0) free else append(free, value, after = j - 1)
  free <- if (j == 0) start else start[-j]
  for (i in 1:20) free <- optim(free, function(f) -penalised(full(f), x, y), method = "BFGS",
                                control = list(reltol = 1e-15, maxit = 1000))$par
  penalised(full(free), x, y)
}
firth_case <- function(x, y) {
  x <- as.matrix(x)
  fit <- glm(y ~ x, family = binomial, method = "brglmFit", type = "AS_mean", epsilon = 1e-13, maxit = 10000)
  design <- cbind(1, x); beta <- unname(coef(fit)); top <- penalised(beta, design, y)
  se <- sqrt(diag(solve(crossprod(design * (fitted(fit) * (1 - fitted(fit))), design))))
  drop <- function(v, j) top - best(design, y, j, v, beta)
  reach <- qchisq(0.95, 1) / 2
  sides <- function(j, s) uniroot(function(v) drop(v, j) - reach, beta[j] + s * se[j] * c(0, 8), tol = 1e-11)$root
  k <- seq_along(beta)
  list(x = x, y = y, coefficients = beta, log_likelihood = top,
       p = sapply(k, function(j) pchisq(2 * drop(0, j), 1, lower.tail = FALSE)),
       low = sapply(k, sides, s = -1), high = sapply(k, sides, s = 1))
}
set.seed(35)
firth_cases <- list(
  separated = firth_case(c(0.3, 1.1, 1.4, 2.0, 2.6, 3.1, 3.9), c(0, 0, 0, 0, 1, 1, 1)),
  overlap = firth_case(round(rnorm(14), 2), rep(c(0, 1, 1, 0, 1, 0, 0), 2)),
  two = firth_case(cbind(round(rnorm(16), 2), rpois(16, 3)), rbinom(16, 1, 0.4)))

version <- sapply(c("coin", "exactRankTests", "pROC", "brglm2", "jsonlite"), function(p) as.character(packageVersion(p)))
write_json(list(R = R.version.string, packages = as.list(version), rank = rank_cases, partial = partial_cases, repeated = repeated_cases,
                groups = group_cases, firth = firth_cases),
           "association.json", digits = NA, auto_unbox = TRUE, na = "null", pretty = FALSE)
