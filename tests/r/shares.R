# Shares of rows that depend on one another, that have weights, or that are standardised: effective number of rows, and the bounds of
# prop.test for it, which are Wilson's. Base R alone.
# Rscript shares.R < inspections.csv > shares.csv
inspections <- read.csv(file("stdin"))
ilacs <- inspections[inspections$framework == "ILACS" & !is.na(inspections$overall_effectiveness), ]

found <- NULL
tell <- function(case, group, share, n_eff) {
  bounds <- suppressWarnings(prop.test(share * n_eff, n_eff, correct = FALSE))$conf.int # it warns of few rows
  values <- c(share = share, n_eff = n_eff, lower = bounds[1], upper = bounds[2])
  found <<- rbind(found, data.frame(case, group, name = names(values), value = sprintf("%.17g", values)))
}

clusters <- function(group, of) {
  good <- of$overall_effectiveness <= 2 # 1 is Outstanding
  n <- length(good)
  share <- mean(good)
  number <- length(unique(of$provider))
  variance <- number / (number - 1) * sum(rowsum(good - share, of$provider)^2) / n^2
  tell("clusters", group, share, min(n, share * (1 - share) / variance))
}
clusters("all", ilacs)
for (region in sort(unique(ilacs$region))) clusters(region, ilacs[ilacs$region == region, ])

good <- c(1, 0, 1, 1, 0, 1, 0, 1, 0, 1)
weight <- c(3, 1, 4, 1, 5, 9, 2, 6, 5, 3)
tell("weights", "all", sum(weight * good) / sum(weight), sum(weight)^2 / sum(weight^2))

x <- c(83, 20, 6)
n <- c(100, 60, 40)
mix <- c(3, 4, 3) / 10
tell("standardised", "all", sum(mix * x / n), 1 / sum(mix^2 / n))
write.csv(found, stdout(), row.names = FALSE, quote = FALSE)
