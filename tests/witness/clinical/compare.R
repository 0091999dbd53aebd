# Answers for tests/test_compare_witness.py: tl.compare and tl.associate on tables and on cohort folders of other seeds.
# R 4.2.2; exactRankTests 0.8.35, coin 1.4.2, lme4 1.1.31, lmerTest 3.1.3, geepack 1.3.9, pROC 1.18.0, jsonlite 1.8.4.
# Rscript compare.R        (in this folder; writes compare_visits.csv, compare_exposure.csv and compare.json)
# Synthetic data, seeded. Phases are worked out here from the rules in words, not from the package.
suppressMessages({library(exactRankTests); library(coin); library(lmerTest); library(geepack); library(pROC); library(jsonlite)})

flip_p <- function(d) { if (all(d == 0)) return(1)
  if (length(d) <= 16) { s <- as.matrix(expand.grid(rep(list(c(1, -1)), length(d)))) %*% d; return(mean(abs(s) >= abs(sum(d)) - 1e-9)) }
  k <- if (all(abs(d * 10 - round(d * 10)) < 1e-6)) round(d * 10) else round(d * 1e4)    # perm.test needs whole numbers
  perm.test(k, 0 * k, paired = TRUE, exact = TRUE)$p.value }
pratt_p <- function(d) if (all(d == 0)) 1 else as.numeric(pvalue(wilcoxsign_test(y ~ x,
  data = data.frame(y = d, x = 0 * d), zero.method = "Pratt", distribution = "exact")))

# --- pairs in a table: ties and zeros, one decimal, missing halves ----------------------------------------------------------
pair <- function(n, seed, kind) {
  set.seed(seed)
  if (kind == "integer") { pre <- sample(3:9, n, TRUE); post <- pre - sample(-1:4, n, TRUE) }
  else { pre <- round(rnorm(n, 4, 1), 1); post <- round(pre - rnorm(n, .6, 1), 1) }
  lost_pre <- n >= 9 & seq_len(n) %% 8 == 3; lost_post <- n >= 9 & seq_len(n) %% 7 == 5
  kept <- !lost_pre & !lost_post; d <- round(post - pre, 9)[kept]; m <- length(d)
  w <- outer(d, d, "+") / 2
  out <- list(n = n, seed = seed, kind = kind, pre = ifelse(lost_pre, NA, pre), post = ifelse(lost_post, NA, post), n_kept = m,
              mean = mean(d), p = flip_p(d), pratt = pratt_p(d), hl = median(w[upper.tri(w, TRUE)]))
  if (m > 1 && sd(d) > 0) { t <- t.test(d); out$ci <- t$conf.int; out$p_t <- t$p.value
    df <- m - 1; J <- if (m > 2) gamma(df / 2) / (sqrt(df / 2) * gamma((df - 1) / 2)) else NA
    out$g_av <- J * mean(d) / sqrt((var(pre[kept]) + var(post[kept])) / 2) }
  out
}
pairs <- list()
for (n in c(2, 3, 4, 5, 6, 9, 13, 16, 18, 20, 27, 40)) for (kind in c("integer", "decimal"))
  pairs[[length(pairs) + 1]] <- pair(n, 7000 + 10 * n + nchar(kind), kind)

# --- cohorts: irregular visits, interruptions, stops, missing scores and measures --------------------------------------------
cohort <- function(case, n, seed, digits) {
  set.seed(seed)
  made <- lapply(seq_len(n), function(i) {
    id <- sprintf("K%02d", i); stop <- NA; again <- NA
    if (i %% 4 == 0) { stop <- sample(40:130, 1); again <- stop + sample(c(20, 40, 60), 1) }      # interrupted
    if (i %% 5 == 0) { stop <- sample(60:230, 1); again <- NA }                                   # stopped for good
    before <- if (i %% 6 == 0) -110 else if (i %% 7 == 0) numeric(0) else -sort(sample(c(75, 45, 12), sample(1:2, 1)), TRUE)
    after <- sort(sample(seq(16, 322, 17), sample(2:5, 1)))
    if (i == 1) { before <- -12; after <- c(152, 203, 305) }        # 177.5 in the middle of two
    if (i == 2) after <- c(165, 195)                                # equally far from day 180: the later one counts
    day <- c(before, after); a <- rnorm(1, sd = 1); b <- rnorm(1, -1.2, .5)
    list(v = data.frame(case, patient = id, day, score = round(4 + a + b * pmin(pmax(day, 0), 90) / 90 + rnorm(length(day), sd = .5), digits),
                        outcome = round(20 + 2 * a + 6 * b * pmin(pmax(day, 0), 120) / 120 + rnorm(length(day), sd = 2))),
         e = data.frame(case, patient = id, start = c(0, if (!is.na(again)) again), stop = c(stop, if (!is.na(again)) NA)))
  })
  v <- do.call(rbind, lapply(made, `[[`, "v")); e <- do.call(rbind, lapply(made, `[[`, "e"))
  v$score[runif(nrow(v)) < .06] <- NA; v$outcome[runif(nrow(v)) < .06] <- NA
  list(v = v, e = e)
}
# baseline: before day 0. On the drug: 28 days without a break, up to one day after the last dose; early before that; carry-over
# up to 14 days after the last dose; then off, interrupted where the drug comes again.
phase <- function(day, e) {
  if (day < 0) return(c("baseline", 0))
  e <- e[order(e$start), ]; run <- max(which(e$start <= day)); stop <- ifelse(is.na(e$stop[run]), Inf, e$stop[run])
  on <- min(stop, day) - e$start[run]; gap <- max(0, day - stop)
  c(if (gap > 14) (if (run < nrow(e)) "off_interrupted" else "off_discontinued") else if (gap > 1) "carry_over"
    else if (on >= 28) "on" else "early_on", on)
}
nearest <- function(v) v[order(abs(v$day - 180), -v$day), ][1, ]
changes <- function(v, phases) {                                    # last baseline from day -90 on; follow-up nearest to day 180 +- 60
  do.call(rbind, lapply(split(v, v$patient), function(m) {
    m <- m[!is.na(m$score), ]; b <- m[m$phase == "baseline" & m$day >= -90, ]; f <- m[m$phase %in% phases & abs(m$day - 180) <= 60, ]
    if (nrow(b) && nrow(f)) data.frame(patient = m$patient[1], change = nearest(f)$score - b$score[which.max(b$day)]) }))
}
means <- function(v, phases, off) do.call(rbind, lapply(split(v, v$patient), function(m) {
  m <- m[!is.na(m$score) & m$day >= -90, ]; a <- m$score[m$phase %in% phases]; b <- m$score[m$phase %in% off]
  if (length(a) && length(b)) data.frame(patient = m$patient[1], change = mean(a) - mean(b)) }))
summed <- function(x) { d <- round(x$change, 9); out <- list(n = length(d), mean = mean(x$change), p = flip_p(d), pratt = pratt_p(d))
  if (length(d) > 1) out$ci <- t.test(x$change)$conf.int; out }
lm_r <- function(formula, d) { fit <- lm(formula, d); row <- summary(fit)$coefficients["score", ]; df <- fit$df.residual
  list(r = unname(sign(row[3]) * sqrt(row[3]^2 / (row[3]^2 + df))), df = df, p = unname(row[4]),
       n = sum(table(d$patient)[table(d$patient) > 1])) }               # one visit alone says nothing about its patient
answer <- function(case, d) {
  v <- d$v; got <- mapply(function(p, day) phase(day, d$e[d$e$patient == p, ]), v$patient, v$day); v$phase <- got[1, ]; v$on_days <- as.numeric(got[2, ])
  ever <- c("on", "early_on", "carry_over", "off_interrupted", "off_discontinued"); off <- c("baseline", "off_interrupted", "off_discontinued")
  out <- list(case = case, patients = length(unique(v$patient)), phases = v$phase, while_on = summed(changes(v, "on")),
              policy = summed(changes(v, ever)), means_on = summed(means(v, "on", "baseline")),
              means_policy = summed(means(v, ever, "baseline")), means_off = summed(means(v, "on", off)))
  m <- v[!is.na(v$score) & v$phase %in% c("on", off) & (v$phase != "baseline" | v$day >= -90), ]; m$on <- as.numeric(m$phase == "on")
  quiet <- function(x) suppressMessages(suppressWarnings(x))
  tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-11))          # the default stops 1e-5 short in n4
  one <- quiet(lmer(score ~ on + (1 | patient), m, control = tight)); two <- quiet(lmer(score ~ on + (on | patient), m, control = tight))
  pick <- function(fit) { s <- quiet(summary(fit))$coefficients["on", ]
    list(est = s[[1]], se = s[[2]], df = s[[3]], p = s[[5]], singular = isSingular(fit, 1e-4)) }
  m$id <- as.integer(factor(m$patient)); g <- geeglm(score ~ on, id = id, data = m[order(m$id), ], corstr = "exchangeable")
  out$model <- list(n_obs = nrow(m), intercept = pick(one), slope = pick(two), gee = unname(coef(g)["on"]))
  l <- v[!is.na(v$score) & !is.na(v$outcome), ]
  out$rmcorr <- lm_r(outcome ~ patient + score, l); out$freed <- lm_r(outcome ~ patient + phase + log1p(on_days) + score, l)
  p <- do.call(rbind, lapply(split(l, l$patient), function(m) { b <- m[m$phase == "baseline" & m$day >= -90, ]
    f <- m[m$phase == "on" & m$day >= 120 & m$day <= 240, ]; if (!nrow(b)) return(NULL); b <- b[which.max(b$day), ]
    f <- if (nrow(f)) nearest(f) else data.frame(score = NA, outcome = NA)
    data.frame(b = b$score, o = b$outcome, ds = f$score - b$score, do = f$outcome - b$outcome) }))
  rho <- function(x, y) { k <- !is.na(x + y); x <- round(x[k], 9); y <- round(y[k], 9); made <- list(n = sum(k), rho = cor(x, y, method = "spearman"))
    if (sum(k) <= 9 && !anyDuplicated(x) && !anyDuplicated(y)) made$p <- cor.test(x, y, method = "spearman", exact = TRUE)$p.value
    made }
  out$baseline <- rho(p$b, p$o); out$change <- rho(p$ds, p$do)
  ch <- changes(v, "on"); ch$arm <- factor(ifelse(as.integer(substr(ch$patient, 2, 3)) %% 2 == 1, "odd", "even"), c("odd", "even"))
  x <- round(ch$change, 9); odd <- x[ch$arm == "odd"]; even <- x[ch$arm == "even"]
  if (length(odd) > 2 && length(even) > 2) out$arms <- list(n = c(length(even), length(odd)), diff = mean(odd) - mean(even),
    ci = t.test(odd, even)$conf.int, p = as.numeric(pvalue(oneway_test(x ~ ch$arm, distribution = "exact"))),
    mw = as.numeric(pvalue(wilcox_test(x ~ ch$arm, distribution = "exact"))),
    auc = as.numeric(auc(roc(ch$arm == "odd", x, direction = "<", quiet = TRUE))))
  out
}
plan <- list(n4 = list(4, 21, 3), n6 = list(6, 22, 2), n9 = list(9, 23, 1), n14 = list(14, 24, 2), n22 = list(22, 25, 1), n40 = list(40, 26, 2))
data <- Map(function(case, p) cohort(case, p[[1]], p[[2]], p[[3]]), names(plan), plan)
write.csv(do.call(rbind, lapply(data, `[[`, "v")), "compare_visits.csv", row.names = FALSE, na = "")
write.csv(do.call(rbind, lapply(data, `[[`, "e")), "compare_exposure.csv", row.names = FALSE, na = "")
versions <- sapply(c("exactRankTests", "coin", "lme4", "lmerTest", "geepack", "pROC"), function(p) as.character(packageVersion(p)))
write_json(list(R = R.version.string, packages = as.list(versions), pairs = pairs, cohorts = Map(answer, names(data), data)),
           "compare.json", digits = I(17), auto_unbox = TRUE, na = "null")
