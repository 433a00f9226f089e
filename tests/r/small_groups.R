# Shares drawn towards one another, by integration over mean and correlation; overdispersion by the formulas of FunnelPlotR's
# od_adjustment.R (transformed_zscore, winsorisation at 0.1, phi_func, tau_func). Base R alone.
# Rscript small_groups.R > small_groups.csv
n <- c(9, 11, 33, 12, 23, 19, 15, 14, 15)
chance <- c(3, 8, 20, 5, 14, 9, 12, 7, 6)
apart <- c(1, 11, 30, 2, 22, 3, 15, 1, 14)

found <- NULL
tell <- function(case, group, values) {
  found <<- rbind(found, data.frame(case, group, name = names(values), value = sprintf("%.17g", values)))
}

# The posterior mean of the share of a group: shares are Beta(m s, (1 - m) s), s = 1 / rho - 1; m and rho are uniform.
shrunk <- function(x, group) {
  likelihood <- function(m, rho, of_share) {
    s <- 1 / rho - 1
    a <- m * s
    b <- (1 - m) * s
    exp(sum(lbeta(a + x, b + n - x) - lbeta(a, b)) + 140) * if (of_share) (a + x[group]) / (s + n[group]) else 1
  }
  over_rho <- function(m, of_share) {
    integrate(function(rho) sapply(rho, likelihood, m = m, of_share = of_share), 1e-9, 1 - 1e-9, rel.tol = 1e-7, subdivisions = 400)$value
  }
  whole <- function(of_share) {
    integrate(function(m) sapply(m, over_rho, of_share = of_share), 1e-6, 1 - 1e-6, rel.tol = 1e-6, subdivisions = 400)$value
  }
  whole(TRUE) / whole(FALSE)
}
for (group in 1:3) tell("shrunk", group, c(share = shrunk(chance, group)))

overdispersion <- function(x) {
  error <- 1 / (2 * sqrt(n))
  z <- (asin(sqrt(x / n)) - asin(sqrt(sum(x) / sum(n)))) / error
  phi <- mean(pmin(pmax(z, quantile(z, 0.1)), quantile(z, 0.9))^2)
  k <- length(n)
  w <- 1 / error^2
  tau2 <- if (k * phi < k - 1) 0 else (k * phi - (k - 1)) / (sum(w) - sum(w^2) / sum(w))
  c(phi = phi, tau2 = tau2)
}
tell("chance", "all", overdispersion(chance))
tell("far apart", "all", overdispersion(apart))
write.csv(found, stdout(), row.names = FALSE, quote = FALSE)
