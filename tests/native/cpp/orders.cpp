// Prints the order of n rows in an epoch, and the 32-bit numbers of a stream: `orders seed epoch n first count`.
#include <cstdio>
#include <cstdlib>

#include "random.hpp"

int main(int, char** argv) {
    auto number = [&](int i) { return std::strtoull(argv[i], nullptr, 10); };
    glassnet::BatchOrder order(number(3));
    const std::int64_t* rows = order.draw(number(1), number(2));
    for (std::size_t i = 0; i < number(3); ++i) std::printf("%lld ", static_cast<long long>(rows[i]));
    std::vector<std::uint32_t> numbers(number(5));
    glassnet::Philox(number(1), 3, number(2)).numbers(number(4), number(5), numbers.data());
    std::printf("\n");
    for (std::uint32_t value : numbers) std::printf("%u ", value);
    std::printf("\n");
}
