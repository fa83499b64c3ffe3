// Uses what newer standards brought, lambdas, ranges of all sorts and exceptions.
// kinds: cpp
#include <algorithm>
#include <iostream>
#include <iterator>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>
int main() {
    std::vector<long long> values{std::istream_iterator<long long>{std::cin}, {}};
    auto digest = [&, place = 0LL](auto total, auto value) mutable { return total + (value ^ place++); };
    try {
        throw std::runtime_error("caught");
    } catch (const std::exception&) {
    }
    if (auto [total, found] = std::tuple{std::accumulate(values.begin(), values.end(), 0LL, digest), std::optional{1}}; found)
        std::cout << ((total % 9973) + 9973) % 9973 + 17 << '\n';
}
