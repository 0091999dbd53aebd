# Answers for tests/test_longitudinal.py. R 4.2.2, lme4 1.1.31, lmerTest 3.1.3, jsonlite 1.8.4.
# Rscript longitudinal.R        (in this folder; writes longitudinal.csv and longitudinal.json)
# Synthetic data, seeded. GEE, wild cluster bootstrap and patient means are written out here from their definitions.
suppressMessages({library(lme4); library(lmerTest); library(jsonlite)})

make <- function(case, seed, n, sd_slope, effect = -1.5, rho = -0.4, sd_id = 1.2, sd_e = 0.5, drop = 0.1) {
  set.seed(seed)
  rows <- do.call(rbind, lapply(seq_len(n), function(i) {
    before <- sort(-sample(1:90, sample(1:2, 1))); after <- sort(sample(20:330, sample(2:4, 1)))
    days <- c(before, after); on <- as.numeric(days > 0)
    if (i %% 5 == 0) on[length(on)] <- 0                       # stopped before the last visit
    u <- rnorm(2); a <- sd_id * u[1]; b <- sd_slope * (rho * u[1] + sqrt(1 - rho^2) * u[2])
    steroid <- round(pmax(0.1, 0.6 - 0.001 * pmax(days, 0) + rnorm(length(days), sd = 0.08)), 2)
    x <- round(3 + 0.5 * a - 0.8 * on + rnorm(length(days), sd = 0.6), 3)
    y <- round(4 + a + (effect + b) * on + 0.8 * (steroid - 0.5) + 0.3 * x + rnorm(length(days), sd = sd_e), 3)
    data.frame(case = case, patient = sprintf("P%02d", i), days = days, on = on, steroid = steroid, x = x, y = y)
  }))
  rows[runif(nrow(rows)) >= drop, ]
}

cases <- list(
  n10_varies = make("n10_varies", 101, 10, 0.7), n6_varies = make("n6_varies", 202, 6, 0.9),
  n8_covariates = make("n8_covariates", 303, 8, 0.8), n20_varies = make("n20_varies", 404, 20, 0.6, rho = 0.5),
  n40_varies = make("n40_varies", 505, 40, 0.7), n7_null = make("n7_null", 606, 7, 1.0, effect = 0),
  n12_constant = make("n12_constant", 707, 12, 0, sd_e = 0.7), n5_noisy = make("n5_noisy", 808, 5, 0.2, sd_e = 1.0),
  n3 = make("n3", 909, 3, 0.8, drop = 0), n9_alike = make("n9_alike", 1010, 9, 0.6, sd_id = 0.02, sd_e = 1.2))
odd <- make("n9_odd", 1111, 9, 0.8, drop = 0)                   # one patient never treated, one seen once
odd$on[odd$patient == "P02"] <- 0
odd <- odd[!(odd$patient == "P03" & duplicated(odd$patient)), ]
cases$n9_odd <- odd
data <- do.call(rbind, cases)
write.csv(data, "longitudinal.csv", row.names = FALSE, quote = FALSE)

terms_of <- function(m) {
  s <- coef(summary(m))
  list(term = rownames(s), estimate = unname(s[, 1]), se = unname(s[, 2]), df = unname(s[, "df"]), p = unname(s[, 5]))
}
mixed <- function(formula, d, reml = TRUE) {
  tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e6), calc.derivs = FALSE,
                       check.conv.singular = "ignore")
  m <- suppressWarnings(suppressMessages(lmer(formula, d, REML = reml, control = tight)))
  v <- as.data.frame(VarCorr(m))
  c(terms_of(m), list(variances = v$vcov, correlation = v$sdcor[3], log_lik = as.numeric(logLik(m)), singular = isSingular(m)))
}

# Exchangeable GEE by its definition; moment estimate of the correlation over pairs less p; leverage-corrected sandwich.
gee <- function(d, x) {
  y <- d$y; id <- d$patient; p <- ncol(x); alpha <- 0
  R <- function(k) (1 - alpha) * diag(k) + alpha
  for (step in 1:500) {
    A <- matrix(0, p, p); b <- rep(0, p)
    for (i in unique(id)) { k <- id == i; W <- solve(R(sum(k))); X <- x[k, , drop = FALSE]
      A <- A + t(X) %*% W %*% X; b <- b + t(X) %*% W %*% y[k] }
    beta <- solve(A, b); r <- as.vector(y - x %*% beta); phi <- sum(r^2) / (length(y) - p)
    cross <- sapply(unique(id), function(i) (sum(r[id == i])^2 - sum(r[id == i]^2)) / 2)
    pairs <- sapply(unique(id), function(i) choose(sum(id == i), 2))
    new <- sum(cross) / phi / (sum(pairs) - p)
    done <- abs(new - alpha) < 1e-13; alpha <- new
    if (done) break
  }
  meat <- matrix(0, p, p)
  for (i in unique(id)) { k <- id == i; W <- solve(R(sum(k))); X <- x[k, , drop = FALSE]
    H <- X %*% solve(A) %*% t(X) %*% W
    e <- solve(diag(sum(k)) - H, r[k]); u <- t(X) %*% W %*% e; meat <- meat + u %*% t(u) }
  v <- solve(A) %*% meat %*% solve(A)
  list(estimate = beta[2], se = sqrt(v[2, 2]), correlation = alpha)
}

# Wild cluster bootstrap, null imposed: every sign pattern, the model refitted by lm each time; p of |coefficient|.
wild <- function(d, covariates = character()) {
  null <- lm(reformulate(c("patient", covariates), "y"), d); full <- reformulate(c("patient", "on", covariates), "y")
  ids <- unique(d$patient); d0 <- d
  signs <- as.matrix(expand.grid(rep(list(c(1, -1)), length(ids))))
  b <- apply(signs, 1, function(s) {
    d0$y <- fitted(null) + resid(null) * s[match(d$patient, ids)]; coef(lm(full, d0))["on"] })
  list(estimate = unname(coef(lm(full, d))["on"]), p = mean(abs(b) >= abs(b[1]) - 1e-9))
}

answers <- lapply(cases, function(d) {
  d$log_days <- log1p(pmax(d$days, 0)); d$between <- ave(d$x, d$patient); d$within <- d$x - d$between
  m <- tapply(d$y, list(d$patient, d$on), mean); m <- m[complete.cases(m), , drop = FALSE]
  out <- list(
    ri = mixed(y ~ on + (1 | patient), d), ri_ml = mixed(y ~ on + (1 | patient), d, FALSE),
    ris = tryCatch(mixed(y ~ on + (1 + on | patient), d), error = function(e) list(error = conditionMessage(e))),
    ris_ml = tryCatch(mixed(y ~ on + (1 + on | patient), d, FALSE), error = function(e) list(error = conditionMessage(e))),
    within = mixed(y ~ within + between + on + log_days + (1 | patient), d),
    gee = gee(d, cbind(1, d$on)), means = list(patient = rownames(m), difference = unname(m[, "1"] - m[, "0"])))
  if (length(unique(d$patient)) > 3) {
    out$ris_covariates <- mixed(y ~ on + steroid + log_days + (1 + on | patient), d)
    out$ri_days <- mixed(y ~ on + days + (1 | patient), d)
    out$ris_x <- mixed(y ~ x + on + (1 + x | patient), d)
    out$gee_covariates <- gee(d, cbind(1, d$on, d$steroid, d$log_days)) }
  if (length(unique(d$patient)) < 10) { out$wild <- wild(d); out$wild_steroid <- wild(d, "steroid") }
  out
})
answers$made_by <- list(R = R.version.string, lme4 = as.character(packageVersion("lme4")),
                        lmerTest = as.character(packageVersion("lmerTest")))
write_json(answers, "longitudinal.json", auto_unbox = TRUE, digits = 12, na = "null", pretty = FALSE)
