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

// The dropout mask of one layer in one step: 0 with probability `rate`, else 1/(1 - rate), from the numbers of its stream.
template <class T>
class Dropout {
public:
    Dropout(double rate, std::uint64_t seed, int layer, long step, int width)
        : philox_(seed, layer, step), width_(width), threshold_(static_cast<std::uint32_t>(rate * 4294967296.0)),
          scale_(T(1 / (1 - rate))) {}

    // The mask of units first … first + count - 1 of a row, Stride apart in memory, and the activations `a` times it.
    // Not inlined, to have the registers to itself.
    template <int Stride>
    __attribute__((noinline)) void mask_row(std::uint64_t row, int first, int count, T* mask, T* a) const {
        const std::uint32_t threshold = threshold_;
        const T scale = scale_;  // in a register: the stores below might change the other
        std::uint32_t draws[kAtOnce];
        for (int done = 0; done < count; done += kAtOnce) {
            const int drawn = std::min(kAtOnce, count - done);
            philox_.numbers(row * width_ + first + done, drawn, draws);
            for (int j = 0; j < drawn; ++j) {
                const int at = (done + j) * Stride;
                const T factor = T(draws[j] >= threshold) * scale;
                mask[at] = factor;
                a[at] *= factor;
            }
        }
    }

private:
    static constexpr int kAtOnce = 128;
    const Philox philox_;
    const std::uint64_t width_;
    const std::uint32_t threshold_;
    const T scale_;
};

// The order in which an epoch visits its rows: the rows sorted by one 64-bit key each, as numpy's stable argsort.
class BatchOrder {
public:
    explicit BatchOrder(std::size_t n) : keys_(n), entries_(n), scratch_(n) {}

    const std::int64_t* draw(std::uint64_t seed, std::uint64_t epoch) {
        const std::size_t n = keys_.size();
        // a radix sort by the upper bits of the key, two digits of eleven bits, leaves few rows out of place; an entry is
        // the upper half of a key with the row in the lower half
        Counts low{}, high{};
        const Philox philox(seed, 0, epoch);
        for (std::size_t i = 0; i < n; i += 4) {
            const auto words = philox.block(i / 4);
            for (std::size_t k = 0; k < std::min<std::size_t>(4, n - i); ++k) {
                keys_[i + k] = words[k];
                entries_[i + k] = (words[k] >> 32 << 32) | (i + k);
                ++low[words[k] >> 42 & 2047];
                ++high[words[k] >> 53];
            }
        }
        scatter(entries_, scratch_, low, 42);
        scatter(scratch_, entries_, high, 53);
        std::int64_t* const order = reinterpret_cast<std::int64_t*>(scratch_.data());  // free until the next draw
        for (std::size_t i = 0; i < n; ++i) {
            const std::uint64_t entry = entries_[i];
            std::size_t at = i;
            for (; at > 0 && before(entry, entries_[at - 1]); --at) {
                entries_[at] = entries_[at - 1];
                order[at] = order[at - 1];
            }
            entries_[at] = entry;
            order[at] = static_cast<std::int64_t>(entry & 0xFFFFFFFF);
        }
        return order;
    }

private:
    using Counts = std::array<std::uint32_t, 2048>;

    static void scatter(const std::vector<std::uint64_t>& from, std::vector<std::uint64_t>& to, Counts& counts, int shift) {
        std::uint32_t sum = 0;
        for (std::uint32_t& count : counts) sum += std::exchange(count, sum);
        for (const std::uint64_t entry : from) to[counts[entry >> shift & 2047]++] = entry;
    }

    bool before(std::uint64_t a, std::uint64_t b) const {
        if (a >> 32 != b >> 32) return a < b;
        const std::uint64_t key_a = keys_[a & 0xFFFFFFFF], key_b = keys_[b & 0xFFFFFFFF];
        return key_a != key_b ? key_a < key_b : a < b;
    }

    std::vector<std::uint64_t> keys_, entries_, scratch_;
};

}  // namespace glassnet
