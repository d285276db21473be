// The ranks that share the rows of each step: what a run on several processes needs of the others.
#pragma once

#include <cstddef>

namespace glassnet {

// One process among several that run the same program; every one of them calls the same functions in the same order.
class Ranks {
public:
    Ranks(int rank, int size) : rank(rank), size(size) {}
    virtual ~Ranks() = default;

    const int rank, size;

    // Replaces the numbers by their sums over all ranks, the same bits on each; false if that failed.
    virtual bool sum(float* numbers, std::size_t count) = 0;
    virtual bool sum(double* numbers, std::size_t count) = 0;
    // What this rank adds to the sum of the wishes to stop, and that sum once all have it.
    virtual double wish() const = 0;
    virtual void agree(double wishes) = 0;

    // The first of `count` rows in a row that this rank computes, and the one after the last.
    std::size_t begin(std::size_t count) const { return count * rank / size; }
    std::size_t end(std::size_t count) const { return count * (rank + 1) / size; }
};

}  // namespace glassnet
