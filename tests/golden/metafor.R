# Reference values for tests/evidence/test_synthesis_*.py, from metafor (R is needed only to run this again):
#     Rscript tests/golden/metafor.R > tests/golden/metafor.json
# Iterative fits run with tightened tolerances, so that agreement to 1e-6 tests aimss and not a stopping rule.
suppressPackageStartupMessages({library(metafor); library(metadat); library(jsonlite); library(lme4)})
options(warn = -1)
ctrl <- list(threshold = 1e-13, maxiter = 100000, tol = 1e-14, tau2.max = 1e6)
# the Fisher-scoring threshold is absolute: on a scale of hundreds the tightest one is out of reach of doubles
tight <- function(...) {
  for (t in c(1e-13, 1e-11, 1e-9)) {
    res <- tryCatch(do.call(rma, list(..., control = modifyList(ctrl, list(threshold = t)))), error = function(e) e)
    if (!inherits(res, "error")) return(res)
  }
  stop(res)
}
num <- function(x) if (is.null(x) || length(x) == 0 || all(is.na(x))) NULL else unname(as.numeric(x))

# ---- data sets: columns as escalc wants them ------------------------------------------------------------
bcg <- with(dat.bcg, list(ai = tpos, n1i = tpos + tneg, ci = cpos, n2i = cpos + cneg))
col <- with(subset(dat.collins1985b, !is.na(pre.xti)), list(ai = pre.xti, n1i = pre.nti, ci = pre.xci, n2i = pre.nci))
niel <- as.list(dat.nielweise2007[, c("ai", "n1i", "ci", "n2i")])
hine <- as.list(dat.hine1989[, c("ai", "n1i", "ci", "n2i")])
nor <- as.list(dat.normand1999[, c("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")])
gib <- as.list(na.omit(dat.gibson2002[, c("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")]))
cur <- as.list(head(na.omit(dat.curtis1998[, c("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")]), 25))
pri <- as.list(dat.pritz1997[, c("xi", "ni")])
deb <- as.list(dat.debruin2009[, c("xi", "ni")])
nic <- with(dat.nielweise2007, list(xi = ci, ni = n2i))
nia <- with(dat.nielweise2007, list(xi = ai, ni = n1i))
edge <- list(xi = c(0, 3, 14, 22, 2, 0, 8, 10, 6, 3, 5), ni = c(14, 3, 22, 22, 9, 4, 30, 12, 15, 4, 5))
hack <- as.list(dat.hackshaw1998[, c("yi", "vi")])
raud <- as.list(dat.raudenbush1985[, c("yi", "vi")])
huge <- list(yi = c(0.5, -0.2, 0.9, 0.1), vi = c(0.2, 0.3, 1e-8, 0.25))
same <- list(yi = c(0.3, 0.3, 0.3), vi = c(0.1, 0.2, 0.3))
take <- function(x, i) lapply(x, function(v) v[i])
esc <- function(measure, d, ...) {
  if (measure == "GEN") return(data.frame(yi = d$yi, vi = d$vi))
  do.call(escalc, c(list(measure = measure), d, list(...)))
}

# ---- A. effect sizes --------------------------------------------------------------------------------------
effects <- list()
add_effect <- function(name, measure, d, ...) {
  r <- esc(measure, d, ...)
  effects[[length(effects) + 1]] <<- list(name = name, measure = measure, columns = d, options = list(...),
                                          yi = as.numeric(r$yi), vi = as.numeric(r$vi))
}
for (m in c("OR", "RR", "RD")) {
  add_effect("bcg", m, bcg); add_effect("collins1985b", m, col); add_effect("hine1989", m, hine)
  add_effect("nielweise2007", m, niel)
  if (m != "RD") add_effect("nielweise2007", m, niel, drop00 = TRUE)
}
for (m in c("MD", "SMD")) { add_effect("normand1999", m, nor); add_effect("gibson2002", m, gib); add_effect("curtis1998", m, cur) }
for (m in c("PLO", "PFT")) { add_effect("pritz1997", m, pri); add_effect("debruin2009", m, deb); add_effect("nielweise2007 controls", m, nic); add_effect("edge", m, edge) }

# ---- B. pooling -------------------------------------------------------------------------------------------
report <- function(res, tau = TRUE) {
  k <- res$k
  pr <- if (res$int.only) predict(res) else NULL
  ci <- if (tau && k > res$p && !(res$method %in% c("EE", "CE", "FE"))) tryCatch(confint(res, control = list(tol = 1e-14, tau2.max = 1e6))$random[1, 2:3], error = function(e) NULL) else NULL
  list(beta = I(num(res$beta)), se = I(num(res$se)), stat = I(num(res$zval)), p = I(num(res$pval)), ci_low = I(num(res$ci.lb)),
       ci_high = I(num(res$ci.ub)), pi = num(c(pr$pi.lb, pr$pi.ub)), tau2 = num(res$tau2), tau2_se = num(res$se.tau2),
       tau2_ci = num(ci), Q = num(res$QE), Q_p = num(res$QEp), I2 = num(res$I2), H2 = num(res$H2), QM = num(res$QM),
       QM_p = num(res$QMp), R2 = num(res$R2), ll = if (k > res$p) num(logLik(res)) else NULL,
       weights = if (res$int.only) I(num(weights(res))) else NULL)
}
pools <- list()
add_pool <- function(name, measure, d, method, knha, level = 95, ...) {
  e <- esc(measure, d, ...)
  res <- tight(yi = e$yi, vi = e$vi, method = ifelse(method == "CE", "EE", method), test = ifelse(knha, "knha", "z"), level = level)
  out <- report(res)
  if (method == "CE") out$pi <- NULL
  if (measure == "PFT") {
    b <- predict(res, transf = transf.ipft.hm, targs = list(ni = d$ni))
    out$back <- num(c(b$pred, b$ci.lb, b$ci.ub))
  }
  pools[[length(pools) + 1]] <<- c(list(name = name, measure = measure, method = method, knha = knha, level = level / 100, columns = d, options = list(...)), out)
}
for (m in c("CE", "DL", "PM", "REML", "ML")) for (h in c(FALSE, TRUE)) {
  add_pool("bcg", "RR", bcg, m, h); add_pool("collins1985b", "OR", col, m, h)
  add_pool("nielweise2007", "OR", niel, m, h, drop00 = TRUE); add_pool("hine1989", "RD", hine, m, h)
  add_pool("normand1999", "MD", nor, m, h); add_pool("gibson2002", "SMD", gib, m, h)
  add_pool("hackshaw1998", "GEN", hack, m, h); add_pool("raudenbush1985", "GEN", raud, m, h, level = 90)
  add_pool("pritz1997", "PLO", pri, m, h); add_pool("debruin2009", "PFT", deb, m, h)
  add_pool("pritz1997", "PFT", pri, m, h); add_pool("edge", "PLO", edge, m, h)
  add_pool("bcg, 2 studies", "RR", take(bcg, 1:2), m, h); add_pool("bcg, 3 studies", "RR", take(bcg, 4:6), m, h)
  add_pool("one huge study", "GEN", huge, m, h)
}
for (m in c("CE", "DL", "PM", "REML", "ML")) { add_pool("bcg, 1 study", "RR", take(bcg, 3), m, FALSE); add_pool("identical", "GEN", same, m, FALSE) }
add_pool("nielweise2007, double zero kept", "OR", niel, "REML", FALSE)

# ---- C. meta-regression -----------------------------------------------------------------------------------
regressions <- list()
add_reg <- function(name, measure, d, mods, method, knha) {
  e <- esc(measure, d)
  X <- model.matrix(~ ., data = as.data.frame(mods))
  full <- tight(yi = e$yi, vi = e$vi, mods = X[, -1, drop = FALSE], method = ifelse(method == "CE", "EE", method), test = ifelse(knha, "knha", "z"))
  out <- report(full)
  regressions[[length(regressions) + 1]] <<- c(list(name = name, measure = measure, method = method, knha = knha, columns = d, mods = mods), out)
}
bang <- as.list(na.omit(dat.bangertdrowns2004[, c("yi", "vi")]))
for (m in c("CE", "DL", "PM", "REML", "ML")) for (h in c(FALSE, TRUE)) {
  add_reg("bcg", "RR", bcg, list(ablat = dat.bcg$ablat), m, h)
  add_reg("bcg", "RR", bcg, list(ablat = dat.bcg$ablat, year = dat.bcg$year, alloc = dat.bcg$alloc), m, h)
  add_reg("raudenbush1985", "GEN", raud, list(weeks = pmin(dat.raudenbush1985$weeks, 3)), m, h)
  add_reg("bangertdrowns2004", "GEN", bang, list(year = dat.bangertdrowns2004$year, ni = dat.bangertdrowns2004$ni), m, h)
}

# ---- D. exact binomial-normal: lme4's objective, maximised by Newton steps ------------------------------------
glmms <- list()
add_glmm <- function(name, d, nagq) {
  dd <- data.frame(x = d$xi, m = d$ni - d$xi, study = factor(seq_along(d$xi)))
  ref <- rma.glmm(measure = "PLO", xi = d$xi, ni = d$ni, nAGQ = nagq)
  dev <- glmer(cbind(x, m) ~ 1 + (1 | study), data = dd, family = binomial, nAGQ = nagq, devFunOnly = TRUE,
               control = glmerControl(tolPwrss = 1e-13))
  f <- function(p) dev(c(abs(p[1]), p[2]))
  grad <- function(p, h = 1e-3) sapply(1:2, function(i) { e <- h * (1:2 == i); (8 * (f(p + e) - f(p - e)) - (f(p + 2 * e) - f(p - 2 * e))) / (12 * h) })
  hess <- function(p, h = 1e-3) {
    g <- function(q) grad(q, h)
    sapply(1:2, function(i) { e <- h * (1:2 == i); (8 * (g(p + e) - g(p - e)) - (g(p + 2 * e) - g(p - 2 * e))) / (12 * h) })
  }
  p <- c(sqrt(ref$tau2), ref$beta)
  for (i in 1:20) { s <- solve(hess(p), grad(p)); p <- p - s; if (max(abs(s)) < 1e-9) break }
  V <- solve(hess(p) / 2)
  glmms[[length(glmms) + 1]] <<- list(name = name, columns = d, nodes = nagq, beta = p[2], tau2 = p[1]^2, se = sqrt(V[2, 2]),
    metafor = list(beta = num(ref$beta), se = num(ref$se), tau2 = num(ref$tau2), I2 = num(ref$I2), H2 = num(ref$H2)), Q = num(ref$QE.LRT), Q_p = num(ref$QEp.LRT))
}
for (n in c(7, 25)) { add_glmm("pritz1997", pri, n); add_glmm("nielweise2007 controls", nic, n); add_glmm("nielweise2007 treated", nia, n); add_glmm("debruin2009", deb, n); add_glmm("edge", edge, n) }

# ---- E. influence, leave-one-out, cumulative ------------------------------------------------------------------
influences <- list()
add_infl <- function(name, measure, d, method, knha) {
  e <- esc(measure, d)
  res <- tight(yi = e$yi, vi = e$vi, method = ifelse(method == "CE", "EE", method), test = ifelse(knha, "knha", "z"))
  inf <- influence(res); l1 <- leave1out(res)
  cu <- if (knha) NULL else cumul(res, order = rev(seq_len(res$k)))
  influences[[length(influences) + 1]] <<- list(name = name, measure = measure, method = method, knha = knha, columns = d,
    rstudent = num(inf$inf$rstudent), dffits = num(inf$inf$dffits), cook = num(inf$inf$cook.d), cov = num(inf$inf$cov.r),
    tau2 = num(inf$inf$tau2.del), Q = num(inf$inf$QE.del), hat = num(inf$inf$hat), dfbetas = num(inf$dfbs$intrcpt), flag = as.logical(inf$is.infl),
    loo = list(estimate = num(l1$estimate), ci_low = num(l1$ci.lb), I2 = num(l1$I2)),
    cumulative = if (is.null(cu)) NULL else list(estimate = num(cu$estimate), se = num(cu$se), tau2 = num(cu$tau2)))
}
for (m in c("CE", "DL", "REML")) for (h in c(FALSE, TRUE)) {
  add_infl("bcg", "RR", bcg, m, h); add_infl("hackshaw1998", "GEN", hack, m, h); add_infl("normand1999", "MD", nor, m, h)
}

# ---- F. small studies ---------------------------------------------------------------------------------------
small <- list()
add_small <- function(name, measure, d, method) {
  e <- esc(measure, d)
  res <- tight(yi = e$yi, vi = e$vi, method = ifelse(method == "CE", "EE", method))
  a <- regtest(res, model = "lm"); b <- regtest(res)
  tf <- lapply(c(L0 = "L0", R0 = "R0", Q0 = "Q0"), function(s) tryCatch({ t <- trimfill(res, estimator = s, control = modifyList(ctrl, list(threshold = 1e-11)))
    list(k0 = t$k0, k0_se = num(t$se.k0), side = t$side, beta = num(t$beta), se_beta = num(t$se), tau2 = num(t$tau2)) }, error = function(e) NULL))
  small[[length(small) + 1]] <<- list(name = name, measure = measure, method = method, columns = d,
    lm = list(stat = num(a$zval), p = num(a$pval), limit = num(a$est)), rma = list(stat = num(b$zval), p = num(b$pval), limit = num(b$est)), trimfill = tf)
}
for (m in c("CE", "DL", "REML")) { add_small("bcg", "RR", bcg, m); add_small("hackshaw1998", "GEN", hack, m); add_small("raudenbush1985", "GEN", raud, m); add_small("pritz1997", "PLO", pri, m) }

# ---- G. networks ----------------------------------------------------------------------------------------------
networks <- list()
mv <- list(optimizer = "nlminb", rel.tol = 1e-10, iter.max = 10000, eval.max = 20000)
# rma.mv stops where the likelihood is flat to its tolerance; Newton steps on its log-likelihood go on to the maximum
polish <- function(con, V, X, method, start) {
  if (start < 1e-6) return(0)
  f <- function(t) c(logLik(rma.mv(y, V, mods = X, intercept = FALSE, random = ~ contr | study, rho = 0.5, tau2 = t, data = con, method = method)))
  t <- start
  for (i in 1:8) {
    h <- 1e-2 * t; v <- sapply(t + h * (-3:3), f)
    g <- sum(c(-1, 9, -45, 0, 45, -9, 1) * v) / (60 * h); H <- sum(c(2, -27, 270, -490, 270, -27, 2) * v) / (180 * h^2)
    t <- t - g / H
    if (abs(g / H) < 1e-10 * t) break
  }
  t
}
contrasts_of <- function(study, treat, level, variance) {
  rows <- list()
  for (s in unique(study)) {
    i <- which(study == s); b <- i[1]
    for (j in i[-1]) rows[[length(rows) + 1]] <- data.frame(study = s, base = treat[b], treat = treat[j], y = level[j] - level[b], v = variance[j] + variance[b], vb = variance[b])
  }
  do.call(rbind, rows)
}
design_matrix <- function(con, treatments, ref) {
  X <- sapply(setdiff(treatments, ref), function(t) (con$treat == t) - (con$base == t))
  matrix(X, nrow = nrow(con), dimnames = list(NULL, setdiff(treatments, ref)))
}
add_network <- function(name, measure, arms, level, variance, split = FALSE) {
  con <- contrasts_of(arms$study, arms$treat, level, variance)
  n <- nrow(con)
  V <- outer(seq_len(n), seq_len(n), Vectorize(function(i, j) if (i == j) con$v[i] else if (con$study[i] == con$study[j]) con$vb[i] else 0))
  tr <- sort(unique(c(con$base, con$treat))); ref <- tr[1]
  X <- design_matrix(con, tr, ref)
  con$contr <- factor(paste(con$base, con$treat)); con$study <- factor(con$study)
  fits <- list()
  for (m in c("CE", "REML", "ML")) {
    res <- if (m == "CE") rma.mv(y, V, mods = X, intercept = FALSE, data = con, method = "EE")
      else rma.mv(y, V, mods = X, intercept = FALSE, random = ~ contr | study, rho = 0.5, data = con, method = m, tau2 = polish(con, V, X, m, rma.mv(y, V, mods = X, intercept = FALSE, random = ~ contr | study, rho = 0.5, data = con, method = m, control = mv)$tau2))
    L <- combn(tr, 2, simplify = FALSE)
    est <- sapply(L, function(p) { w <- (colnames(X) == p[1]) - (colnames(X) == p[2]); c(sum(w * res$beta), sqrt(c(w %*% res$vb %*% w))) })
    score <- sapply(tr, function(a) mean(sapply(setdiff(tr, a), function(b) { w <- (colnames(X) == a) - (colnames(X) == b); pnorm(-sum(w * res$beta) / sqrt(c(w %*% res$vb %*% w))) })))
    fits[[m]] <- list(tau2 = if (m == "CE") 0 else num(res$tau2), Q = num(res$QE), Q_p = num(res$QEp), pairs = do.call(rbind, L), estimate = est[1, ], se = est[2, ], p_scores = as.list(score))
  }
  # design-by-treatment: one set of effects a design
  des <- tapply(seq_along(arms$study), arms$study, function(i) paste(sort(arms$treat[i]), collapse = ":"))[as.character(con$study)]
  Xd <- NULL
  for (d in sort(unique(des))) {
    dt <- sort(strsplit(d, ":")[[1]]); M <- design_matrix(con, dt, dt[1]); M[des != d, ] <- 0
    Xd <- cbind(Xd, M)
  }
  inc <- NULL
  if (ncol(Xd) > ncol(X)) {
    within <- if (n > ncol(Xd)) rma.mv(y, V, mods = Xd, intercept = FALSE, data = con, method = "EE")$QE else 0
    W <- function(t2) { Z <- outer(con$study, con$study, "==") * 0.5; diag(Z) <- 1; solve(V + t2 * Z) }
    rss <- function(M, t2) { w <- W(t2); r <- con$y - M %*% solve(t(M) %*% w %*% M, t(M) %*% w %*% con$y); c(t(r) %*% w %*% r) }
    t2 <- if (n > ncol(Xd)) polish(con, V, Xd, "REML", rma.mv(y, V, mods = Xd, intercept = FALSE, random = ~ contr | study, rho = 0.5, data = con, control = mv)$tau2) else 0
    inc <- list(Q_within = num(within), df_within = n - ncol(Xd), Q_between = num(fits$CE$Q - within), df_between = ncol(Xd) - ncol(X), tau2 = num(t2), Q_random = rss(X, t2) - rss(Xd, t2))
  }
  # node splitting at the network's REML tau2: an extra effect for the direct comparison (two-arm studies only)
  splits <- NULL
  if (split) for (p in combn(tr, 2, simplify = FALSE)) {
    direct <- (con$treat == p[1] & con$base == p[2]) - (con$treat == p[2] & con$base == p[1])
    Xs <- cbind(X, direct)
    if (any(direct != 0) && qr(Xs)$rank == ncol(Xs)) {
      r <- rma.mv(y, V, mods = Xs, intercept = FALSE, random = ~ contr | study, rho = 0.5, tau2 = fits$REML$tau2, data = con)
      splits[[length(splits) + 1]] <- list(a = p[1], b = p[2], difference = num(r$beta[ncol(Xs)]), se = num(r$se[ncol(Xs)]))
    }
  }
  networks[[length(networks) + 1]] <<- list(name = name, measure = measure, arms = arms, fits = fits, inconsistency = inc, splits = splits)
}
senn <- with(dat.senn2013, data.frame(study = study, treat = treatment, mi = mi, sdi = sdi, ni = ni))
add_network("senn2013", "MD", senn, senn$mi, senn$sdi^2 / senn$ni)
two <- names(which(table(senn$study) == 2)); senn2 <- senn[senn$study %in% two, ]
add_network("senn2013, two-arm studies", "MD", senn2, senn2$mi, senn2$sdi^2 / senn2$ni, split = TRUE)
hass <- with(dat.hasselblad1998, data.frame(study = as.character(study), treat = trt, xi = xi, ni = ni))
odds <- function(a) { bad <- tapply(a$xi == 0 | a$xi == a$ni, a$study, any)[a$study]; h <- ifelse(bad, 0.5, 0); list(log((a$xi + h) / (a$ni - a$xi + h)), 1 / (a$xi + h) + 1 / (a$ni - a$xi + h)) }
o <- odds(hass); add_network("hasselblad1998", "OR", hass, o[[1]], o[[2]])
woods <- with(subset(dat.woods2010), data.frame(study = as.character(author), treat = treatment, xi = r, ni = N))
o <- odds(woods); add_network("woods2010", "OR", woods, o[[1]], o[[2]])

# ---- H. further published data sets, as they are in metadat --------------------------------------------------------
linde <- dat.linde2005[c(7:10, 13:25), c("ai", "n1i", "ci", "n2i")]
datasets <- list(bcg = bcg, hine1989 = hine, normand1999 = nor, collins1985b = col, nielweise2007 = niel, raudenbush1985 = raud,
  raudenbush_weeks = pmin(dat.raudenbush1985$weeks, 3), linde2005 = as.list(linde), bcg_latitude = dat.bcg$ablat,
  lee2004 = as.list(dat.lee2004[, c("ai", "n1i", "ci", "n2i")]),
  colditz1994 = with(dat.colditz1994, list(ai = tpos, bi = tneg, ci = cpos, di = cneg)), colditz_latitude = dat.colditz1994$ablat)

cat(toJSON(list(
  made_by = "tests/golden/metafor.R", versions = list(R = R.version.string, metafor = as.character(packageVersion("metafor")),
    metadat = as.character(packageVersion("metadat")), lme4 = as.character(packageVersion("lme4"))),
  tolerance = list(closed_form = 1e-8, iterative = 1e-6),
  effects = effects, pools = pools, regressions = regressions, glmms = glmms, influences = influences, small = small, datasets = datasets, networks = networks
), auto_unbox = TRUE, digits = NA, null = "null", na = "null", pretty = FALSE))
