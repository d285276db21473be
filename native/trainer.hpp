// What the compiled engine trains, in plain data, and the interface of its kernels.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "ranks.hpp"

namespace glassnet {

// Numbers of the equations, in the order of the Python registries (equations.hpp has the functions).
struct Architecture {
    std::vector<int> sizes;                     // inputs, hidden widths, outputs
    std::vector<int> activations;               // of layers 1 … L; kSoftmax for a softmax output
    std::vector<double> activation_parameters;  // of the same layers
    int loss = 0;                               // kCrossEntropy for the categorical one
    double loss_parameter = 0;
    bool loss_of_output = false;  // the loss takes the output a instead of the pre-activation z

    static constexpr int kSoftmax = -1, kCrossEntropy = -1;

    int layers() const { return static_cast<int>(sizes.size()) - 1; }
    std::size_t parameters() const {
        std::size_t count = 0;
        for (std::size_t l = 1; l < sizes.size(); ++l) count += (std::size_t(sizes[l - 1]) + 1) * sizes[l];
        return count;
    }
};

struct Settings {
    int update = -1;  // number of the update recurrence; -1 for a network that only predicts
    int slots = 0;   // how many vectors of memory it has
    double l1 = 0, l2 = 0, dropout = 0;
    bool divide_penalty = false;  // l1 and l2 are divided by the Σw of each batch
    double clip_norm = 0;  // 0 for none
    std::uint64_t seed = 0;
    std::size_t batch_size = 1;  // the most rows a step has
    long first_batch = 0, epoch_steps = 0;  // steps of the epoch before the rows, and all of it; 0 where they are all
    int threads = 1;
    std::vector<int> team;  // of threads, for one step after the other; empty: as it goes fastest
    Ranks* ranks = nullptr;  // which share the rows of each step; null for one process
};

// Sparse rows (CSR): the entries of row i are those from starts[i] to before starts[i + 1], their columns ascending.
template <class T>
struct Entries {
    const std::int64_t* starts;
    const std::int32_t* columns;
    const T* values;
    std::size_t of_a_row = 0;  // about
};

// Rows of inputs (n, sizes.front()) and targets (n, sizes.back()), row-major; weight (n) may be null. Of sparse inputs X
// is null.
template <class T>
struct Rows {
    const T* X;
    const T* Y;
    const T* weight;
    std::size_t n;
    Entries<T> entries{nullptr, nullptr, nullptr};

    bool sparse() const { return entries.starts; }
    // Some consecutive rows of a network's.
    Rows part(std::size_t begin, std::size_t count, int inputs, int outputs) const {
        return {X ? X + begin * inputs : nullptr, Y ? Y + begin * outputs : nullptr, weight ? weight + begin : nullptr, count,
                {sparse() ? entries.starts + begin : nullptr, entries.columns, entries.values, entries.of_a_row}};
    }
};

// One step: the rows order[0 … count-1] of the data, or without an order as many from the row `first` on. On several
// ranks they are one rank's share, count may be 0, and the objective is that of all shares.
struct Step {
    const std::int64_t* order;
    std::size_t count;
    double weight_sum;        // Σ w of these rows
    long number;              // from 0
    const double* constants;  // of the update recurrence, the learning rate of this step first
    std::size_t upcoming = 0;  // how many rows of the next step follow in `order`
    bool same_rows = false;    // as in every other step, in the same order
    std::size_t first = 0;     // of the rows without an order
    std::size_t place = 0;     // of the first row in the whole batch
};

// A kernel that holds the parameters in a layout of its own while it trains.
template <class T>
class Trainer {
public:
    virtual ~Trainer() = default;
    // Parameters and slots (each of `parameters()` numbers, in theta's layout) in, and out again. A kernel that trains may
    // keep some of them in `theta_out` and `slots_out` until they are stored there.
    virtual void load(const T* theta, const T* const* slots, T* theta_out = nullptr, T* const* slots_out = nullptr) = 0;
    virtual void store(T* theta, T* const* slots) const = 0;
    // forward → loss → backward → update; returns the objective before the update.
    virtual double step(const Step& step) = 0;
    // The outputs (n, sizes.back()) for the inputs of rows; no dropout.
    virtual void predict(const Rows<T>& rows, T* out) = 0;
    // The mean loss of rows, without penalties.
    virtual double loss(const Rows<T>& rows) = 0;

    // `interrupted` is asked now and then whether to stop. What was being computed then means nothing, cut_short() is
    // true, and the parameters are those before the step.
    void ask(std::function<bool()> interrupted) { interrupted_ = std::move(interrupted); }
    void cut() { cut_short_.store(true, std::memory_order_relaxed); }
    bool cut_short() const { return cut_short_.load(std::memory_order_relaxed); }

protected:
    // Asks, if enough multiply-adds were done since the last time; for the calling thread alone.
    void poll(std::size_t work) {
        work_ += work;
        if (work_ < 1'000'000) return;
        work_ = 0;
        if (interrupted_ && interrupted_()) cut();
    }

private:
    std::function<bool()> interrupted_;
    std::atomic<bool> cut_short_{false};
    std::size_t work_ = 0;
};

}  // namespace glassnet
