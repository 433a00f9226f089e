# Trends in which the inspections of one provider are a cluster: design effect, and z with its variance times as large. Base R alone.
# Rscript trends.R < inspections.csv > trends.csv
inspections <- read.csv(file("stdin"))
ilacs <- inspections[inspections$framework == "ILACS" & !is.na(inspections$overall_effectiveness), ]
dated <- as.Date(ifelse(ilacs$inspection_start == "", ilacs$published, ilacs$inspection_start))
ilacs$day <- as.numeric(dated)
ilacs$grade <- 5 - ilacs$overall_effectiveness # 4 is Outstanding
ilacs$year <- as.numeric(format(dated, "%Y")) + (as.numeric(format(dated, "%m")) > 8) # that ends in August

design_effect <- function(u, provider) sum(rowsum(u, provider)^2) / sum(u^2)

kendall <- function(of) {
  u <- rowSums(sign(outer(of$day, of$day, "-"))) * rowSums(sign(outer(of$grade, of$grade, "-")))
  deff <- design_effect(u, of$provider)
  rows <- cor.test(of$day, of$grade, method = "kendall", exact = FALSE, continuity = TRUE) # takes rows as independent
  c(deff = deff, z = as.numeric(rows$statistic) / sqrt(deff))
}

shares <- function(of) {
  good <- of$grade >= 3
  deff <- design_effect((of$year - mean(of$year)) * (good - mean(good)), of$provider)
  years <- sort(unique(of$year))
  rows <- prop.trend.test(tapply(good, of$year, sum), tapply(good, of$year, length), years)
  rising <- sign(cov(of$year, good))
  c(deff = deff, z = rising * sqrt(as.numeric(rows$statistic) / deff))
}

found <- NULL
tell <- function(case, group, values) {
  found <<- rbind(found, data.frame(case, group, name = names(values), value = sprintf("%.17g", values)))
}

tell("mann-kendall", "all", kendall(ilacs))
for (region in sort(unique(ilacs$region))) tell("mann-kendall", region, kendall(ilacs[ilacs$region == region, ]))
tell("cochran-armitage", "all", shares(ilacs))

# The example of ?prop.trend.test, and the doses of DescTools' CochranArmitageTest.
smokers <- prop.trend.test(c(83, 90, 129, 70), c(86, 93, 136, 82))
tell("smokers", "all", c(z = -sqrt(as.numeric(smokers$statistic)), p = smokers$p.value))
doses <- prop.trend.test(c(0, 1, 0, 3), c(10, 10, 10, 10))
tell("doses", "all", c(z = sqrt(as.numeric(doses$statistic)), p = doses$p.value / 2))
write.csv(found, stdout(), row.names = FALSE, quote = FALSE)
