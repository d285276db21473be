// Random draws as pure functions of the seed and the place in the run, equal to src/glassnet/training/random.py.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace glassnet {

// Philox-4x64-10 (Salmon et al. 2011) with numpy's conventions: the counter is raised before each block of four words.
class Philox {
public:
    Philox(std::uint64_t seed, std::uint64_t stream, std::uint64_t place) : key_{seed, stream}, place_(place) {}

    // Words 4*block … 4*block + 3 of the stream.
    std::array<std::uint64_t, 4> block(std::uint64_t block) const {
        std::uint64_t c0 = block + 1, c1 = 0, c2 = place_, c3 = 0, k0 = key_[0], k1 = key_[1];
        for (int round = 0; round < 10; ++round) {
            const Product a = multiply(0xD2E7470EE14C6C93, c0), b = multiply(0xCA5A826395121157, c2);
            c0 = b.high ^ c1 ^ k0;
            c1 = b.low;
            c2 = a.high ^ c3 ^ k1;
            c3 = a.low;
            k0 += 0x9E3779B97F4A7C15;
            k1 += 0xBB67AE8584CAA73B;
        }
        return {c0, c1, c2, c3};
    }

    // The 32-bit numbers first … first + count - 1 of the stream, the lower half of a word before the upper.
    void numbers(std::uint64_t first, std::uint64_t count, std::uint32_t* out) const {
        for (std::uint64_t done = 0; done < count;) {
            const auto words = block((first + done) / 8);
            for (std::uint64_t i = (first + done) % 8; i < 8 && done < count; ++i, ++done)
                out[done] = static_cast<std::uint32_t>(words[i / 2] >> (32 * (i % 2)));
        }
    }

private:
    struct Product {
        std::uint64_t high, low;
    };
    static Product multiply(std::uint64_t a, std::uint64_t b) {
        __extension__ using Wide = unsigned __int128;
        const Wide product = static_cast<Wide>(a) * b;
        return {static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
    }

    std::uint64_t key_[2], place_;
};

// The order in which an epoch visits its rows: the rows sorted by one 64-bit key each, as numpy's stable argsort.
class BatchOrder {
public:
    explicit BatchOrder(std::size_t n) : keys_(n), entries_(n), scratch_(n) {}

    const std::int64_t* draw(std::uint64_t seed, std::uint64_t epoch) {
        const std::size_t n = keys_.size();
        const Philox philox(seed, 0, epoch);
        for (std::size_t i = 0; i < n; i += 4) {
            const auto words = philox.block(i / 4);
            std::copy_n(words.begin(), std::min<std::size_t>(4, n - i), keys_.begin() + i);
        }
        // radix sort by the upper half of the key, three digits of eleven bits; the row rides in the lower half
        for (std::size_t i = 0; i < n; ++i) entries_[i] = (keys_[i] >> 32 << 32) | i;
        for (int shift : {32, 43, 54}) {
            std::array<std::size_t, 2048> start{};
            for (const std::uint64_t entry : entries_) ++start[entry >> shift & 2047];
            std::size_t sum = 0;
            for (std::size_t& count : start) sum += std::exchange(count, sum);
            for (const std::uint64_t entry : entries_) scratch_[start[entry >> shift & 2047]++] = entry;
            entries_.swap(scratch_);
        }
        std::int64_t* const order = reinterpret_cast<std::int64_t*>(scratch_.data());  // free until the next draw
        for (std::size_t i = 0; i < n; ++i) order[i] = static_cast<std::int64_t>(entries_[i] & 0xFFFFFFFF);
        for (std::size_t first = 0, last; first < n; first = last) {  // rare: equal upper halves
            for (last = first + 1; last < n && entries_[last] >> 32 == entries_[first] >> 32; ++last) {}
            if (last - first > 1)
                std::stable_sort(order + first, order + last,
                                 [this](std::int64_t a, std::int64_t b) { return keys_[a] < keys_[b]; });
        }
        return order;
    }

private:
    std::vector<std::uint64_t> keys_, entries_, scratch_;
};

}  // namespace glassnet
