// Counts the grades in force on two dates. The records need no order, and an error becomes an exception.
//
//     make -C csrc
//     c++ csrc/examples/as_at.cpp $(PKG_CONFIG_PATH=csrc/build pkg-config --cflags --libs --static sif) -o as_at
#include <cstdint>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "sif.h"

namespace {

template <typename Code> sif_codes codes(const std::vector<Code> &values, std::int64_t size, sif_kind kind) {
    return sif_codes{values.data(), nullptr, 0, size, kind};
}

void check(sif_status status) {
    if (status.code != SIF_OK)
        throw std::runtime_error("row " + std::to_string(status.row) + ": error " + std::to_string(status.code));
}

} // namespace

int main() {
    const std::vector<std::int32_t> provider{1, 0, 1, 0};
    const std::vector<std::int64_t> inspected{100, 300, 200, 50}, published{130, 330, 230, 80}; // days since 1970
    const std::vector<std::int8_t> grade{1, 3, 2, 2};
    const std::vector<std::int64_t> dates{150, 400};
    const std::int64_t n_grades = 4;

    sif_records records{};
    records.n = static_cast<std::int64_t>(provider.size());
    records.provider = codes(provider, 2, SIF_INT32);
    records.inspected = inspected.data();
    records.published = published.data();
    const sif_codes grades = codes(grade, n_grades, SIF_INT8);

    std::vector<std::int64_t> counts(dates.size() * static_cast<std::size_t>(n_grades + 1));
    check(sif_count_as_at(&records, nullptr, nullptr, nullptr, &grades, nullptr, static_cast<std::int64_t>(dates.size()), dates.data(),
                          dates.data(), counts.data(), nullptr));
    std::cout << "sif " << sif_version() << '\n';
    for (std::size_t d = 0; d < dates.size(); d++) {
        std::cout << "day " << dates[d] << ':';
        for (std::int64_t g = 0; g <= n_grades; g++)
            std::cout << ' ' << counts[d * static_cast<std::size_t>(n_grades + 1) + static_cast<std::size_t>(g)];
        std::cout << '\n';
    }
}
