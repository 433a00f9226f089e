# State probabilities by survfit of the package survival (3.5): probability, its standard error, and days spent in each grade.
# Rscript state_probabilities.R < histories.csv > state_probabilities.csv
library(survival)

until <- 4000
grades <- c("Inadequate", "Requires improvement", "Good", "Outstanding")
inspections <- read.csv(file("stdin"))

# The spells of a provider from its first one in the start grade on, as days since then; what ended before `since` is left out.
spells_of <- function(one, start, since) {
  one <- one[order(one$day), ]
  one <- one[c(TRUE, one$grade[-1] != one$grade[-nrow(one)]), ]
  first <- match(start, one$grade)
  if (is.na(first)) return(NULL)
  one <- one[first:nrow(one), ]
  last <- min(until, one$closed[1], na.rm = TRUE)
  from <- pmax(one$day, since)
  to <- c(one$day[-1], last)
  event <- c(one$grade[-1], "censored")
  spells <- data.frame(provider = one$provider, entry = from - one$day[1], exit = to - one$day[1], grade = one$grade, event = event)
  spells[to > from, ]
}

found <- NULL
for (case in unique(inspections$case)) for (start in grades[1:2]) for (since in c(-1, 1500)) {
  of_case <- inspections[inspections$case == case, ]
  spells <- do.call(rbind, lapply(split(of_case, of_case$provider), spells_of, start, max(since, 0)))
  if (is.null(spells) || nrow(spells) < 2 || all(spells$event == "censored")) next
  spells$event <- factor(spells$event, levels = c("censored", grades))
  spells$grade <- factor(spells$grade, levels = grades)
  fit <- survfit(Surv(entry, exit, event) ~ 1, data = spells, id = provider, istate = grade, p0 = as.numeric(grades == start))
  for (years in c(1, 2.5, 4)) {
    time <- 365.25 * years
    at <- summary(fit, times = time, extend = TRUE)
    before <- fit$time <= time
    path <- rbind(as.numeric(fit$states == start), fit$pstate[before, , drop = FALSE])
    spent <- colSums(path * diff(c(0, fit$time[before], time)))
    found <- rbind(found, data.frame(
      case, start, since, years, grade = fit$states, n = length(unique(spells$provider)),
      probability = as.numeric(at$pstate), error = as.numeric(at$std.err), days = spent
    ))
  }
}
found[, 7:9] <- lapply(found[, 7:9], formatC, digits = 15, format = "g")
write.csv(found, stdout(), row.names = FALSE, quote = FALSE)
