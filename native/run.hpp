// The training loop around a kernel: epochs, batches, rates, validation, stop rules; as src/glassnet/training/reference.py.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "random.hpp"
#include "score.hpp"
#include "simd.hpp"
#include "trainer.hpp"

namespace glassnet {

// Where a run stands between two steps; the names are those of State in Python.
struct State {
    long step = 0, epoch = 0, batch = 0;
    double epoch_loss = 0, epoch_weight = 0;
    double rate_factor = 1, adaptive_best = std::numeric_limits<double>::infinity();
    long adaptive_stale = 0;
    double best_loss = std::numeric_limits<double>::infinity();
    long best_epoch = 0, stale = 0;
};

struct EarlyStopping {
    long patience = 0;  // 0 for none
    double min_delta = 0;
    Watch watch = Watch::kValidationLoss;
};

struct Adaptive {
    long patience = 0;  // 0 for none
    double decay = 1, min_delta = 0, floor = 0;
};

template <class T>
struct Job {
    Rows<T> data, validation;  // validation.n is 0 without validation data
    std::vector<double> constants;
    std::vector<double> factors;  // of the learning rate, one a step of this call, or a single one for all
    std::size_t batch_size = 1;
    long first_batch = 0, epoch_steps = 0;  // as Settings has them
    bool shuffle = false;
    std::uint64_t seed = 0;
    int inputs = 1, outputs = 1;  // of the network
    Ranks* ranks = nullptr;       // which share the rows of each step
    const std::int64_t* rows = nullptr;    // which of X's rows the data are; null for the first n
    const std::int64_t* orders = nullptr;  // of the rows, one after the other for the epochs of this call; else drawn
    EarlyStopping early_stopping;
    Adaptive adaptive;
};

struct Record {
    std::vector<double> loss, validation_loss, validation_score, learning_rate;
    std::string stopped;      // why, if a rule ended the run before all epochs were done
    bool non_finite = false;  // the loss of the step where the run stands is inf or nan
    bool overflowed = false;  // a parameter is
    bool improved = false;    // the best parameters were found in this call
};

// Where the parameters and slots are read from, and where those at the end, and the best ones, are written to.
template <class T>
struct Memory {
    const T* theta;
    std::vector<const T*> slots;
    T* theta_out;
    std::vector<T*> slots_out;
    T* best_out;  // null if they are not wanted
    std::size_t parameters;
};

// Whether all of these numbers are finite: x · 0 is nan for one that is not.
template <class T>
bool all_finite(const T* x, std::size_t count) {
    using V = Vec<T>;
    V zeros = 0;
    std::size_t i = 0;
    for (; i + V::size <= count; i += V::size) zeros += V::load_unaligned(x + i) * V(0);
    T zero = zeros.sum();
    for (; i < count; ++i) zero += x[i] * T(0);
    return zero == 0;
}

// Trains to the end of the `epochs`-th epoch from here, or to before step `until` if that comes first. `interrupted` is
// asked now and then, also inside a long step, whether to stop. However it ends, the memory and `state` are those of one
// step; if the loss of that step is inf or nan, training ends before it.
template <class T>
class Run {
public:
    Run(Trainer<T>& trainer, const Job<T>& job, State& state, Memory<T> memory, std::function<bool()> interrupted)
        : trainer_(trainer), job_(job), state_(state), memory_(std::move(memory)),
          order_(shuffled() && !job.orders ? job.data.n : 0), constants_(job.constants) {
        trainer_.ask(std::move(interrupted));
        if (is_score(job.early_stopping.watch)) outputs_.resize(job.validation.n * job.outputs);
        if (job.rows && shuffled()) chosen_.resize(job.data.n);
        if (!job.rows && !shuffled() && job.batch_size < job.data.n) {
            in_order_.resize(job.data.n);
            std::iota(in_order_.begin(), in_order_.end(), 0);
        }
    }

    Record train(long epochs, long until) {
        Record record;
        record.loss.reserve(epochs);
        record.learning_rate.reserve(epochs);
        first_epoch_ = state_.epoch;
        first_factor_ = state_.step - (epoch_is_over() ? 1 : 0);
        trainer_.load(memory_.theta, memory_.slots.data(), memory_.theta_out, memory_.slots_out.data());
        if (epoch_is_over()) constants_[0] = rate(state_.step - 1);
        for (long epoch = 0; epoch < epochs && record.stopped.empty(); ++epoch) {
            const Pause pause = run_epoch(until);
            record.non_finite = pause == Pause::kNonFinite;
            if (pause != Pause::kEndOfEpoch) break;
            const double loss = state_.epoch_loss / state_.epoch_weight;
            const double watched = validate(loss, record);
            if (trainer_.cut_short()) break;  // all that is left of the epoch comes with the next call
            end_epoch();
            record.loss.push_back(loss);
            record.learning_rate.push_back(constants_[0]);
            record.stopped = adapt_rate(loss);
            if (record.stopped.empty()) record.stopped = stop_early(watched, record);
        }
        trainer_.store(memory_.theta_out, memory_.slots_out.data());
        record.overflowed = !all_finite(memory_.theta_out, memory_.parameters);
        return record;
    }

private:
    enum class Pause { kEndOfEpoch, kUntil, kInterrupted, kNonFinite };

    bool shuffled() const { return job_.shuffle && job_.batch_size < job_.data.n; }
    bool epoch_is_over() const {
        if (job_.epoch_steps > 0) return state_.batch >= job_.epoch_steps;
        return state_.batch * job_.batch_size >= job_.data.n;
    }

    double rate(long step) const {
        const std::size_t at = job_.factors.size() > 1 ? static_cast<std::size_t>(step - first_factor_) : 0;
        return job_.constants[0] * job_.factors[at] * state_.rate_factor;
    }

    // The rest of this epoch's pass over the data, or as much of it as lies before step `end`.
    Pause run_epoch(long end) {
        const Rows<T>& data = job_.data;
        if (epoch_is_over()) return Pause::kEndOfEpoch;
        if (state_.step == end) return Pause::kUntil;
        const std::int64_t* const order = epoch_order();
        for (std::size_t first = (state_.batch - job_.first_batch) * job_.batch_size; first < data.n; first += job_.batch_size) {
            if (state_.step == end) return Pause::kUntil;
            const std::size_t count = std::min(job_.batch_size, data.n - first);
            double weight = static_cast<double>(count);
            if (data.weight) {
                weight = 0;
                for (std::size_t i = 0; i < count; ++i) weight += double(data.weight[order ? order[first + i] : std::int64_t(i)]);
            }
            constants_[0] = rate(state_.step);
            if (weight > 0 && job_.ranks) {
                if (!shared_step(order, first, count, weight)) return pause_;
            } else if (weight > 0) {  // a batch whose weights are all 0 has no mean and teaches nothing
                const std::size_t upcoming = order ? std::min(job_.batch_size, data.n - first - count) : 0;
                const bool same_rows = !shuffled() && count == data.n;
                const Step step{order ? order + first : nullptr, count, weight, state_.step, constants_.data(), upcoming, same_rows};
                const double loss = trainer_.step(step);
                if (trainer_.cut_short()) return Pause::kInterrupted;
                if (!std::isfinite(static_cast<T>(loss))) return Pause::kNonFinite;
                state_.epoch_loss += weight * loss;
                state_.epoch_weight += weight;
            }
            ++state_.step;
            ++state_.batch;
        }
        return epoch_is_over() ? Pause::kEndOfEpoch : Pause::kUntil;
    }

    // A step of which this rank computes its share; false if the run pauses before it.
    bool shared_step(const std::int64_t* order, std::size_t first, std::size_t count, double weight) {
        const std::size_t begin = job_.ranks->begin(count), own = job_.ranks->end(count) - begin, at = first + begin;
        Step step{order ? order + at : nullptr, own, double(own), state_.step, constants_.data()};
        step.first = at;
        step.place = begin;
        if (job_.data.weight) {
            step.weight_sum = 0;
            for (std::size_t i = 0; i < own; ++i) step.weight_sum += double(job_.data.weight[order ? order[at + i] : std::int64_t(at + i)]);
        }
        const double loss = trainer_.step(step);
        pause_ = trainer_.cut_short() ? Pause::kInterrupted : Pause::kNonFinite;
        if (trainer_.cut_short() || !std::isfinite(static_cast<T>(loss))) return false;
        state_.epoch_loss += weight * loss;
        state_.epoch_weight += weight;
        return true;
    }

    // The mean loss of the validation rows, of which each rank computes its share, as their outputs for a score.
    double validation_loss() {
        const Rows<T>& all = job_.validation;
        if (!job_.ranks) {
            const double loss = trainer_.loss(all);
            if (!outputs_.empty()) trainer_.predict(all, outputs_.data());
            return loss;
        }
        const std::size_t begin = job_.ranks->begin(all.n), count = job_.ranks->end(all.n) - begin;
        const Rows<T> own = all.part(begin, count, job_.inputs, job_.outputs);
        double sums[2] = {0, double(count)};  // losses and weights
        if (own.weight) sums[1] = std::accumulate(own.weight, own.weight + count, 0.0);
        if (sums[1] > 0) sums[0] = sums[1] * trainer_.loss(own);
        std::fill(outputs_.begin(), outputs_.end(), T(0));
        if (!outputs_.empty() && count > 0) trainer_.predict(own, outputs_.data() + begin * job_.outputs);
        if (!job_.ranks->sum(sums, 2) || (!outputs_.empty() && !job_.ranks->sum(outputs_.data(), outputs_.size()))) trainer_.cut();
        return sums[0] / sums[1];
    }

    // The figure that early stopping watches, which is to become small; `record` gets those of the validation rows.
    double validate(double training_loss, Record& record) {
        if (job_.validation.n == 0) return training_loss;
        const Watch watch = job_.early_stopping.watch;
        const double loss = validation_loss();
        if (trainer_.cut_short()) return 0;
        record.validation_loss.push_back(loss);
        if (!is_score(watch)) return watch == Watch::kTrainingLoss ? training_loss : loss;
        record.validation_score.push_back(score(watch, outputs_.data(), job_.validation, job_.outputs));
        return -record.validation_score.back();
    }

    // The rows in the order in which this epoch visits them; null for all of X in one batch.
    const std::int64_t* epoch_order() {
        if (!shuffled()) return job_.rows ? job_.rows : in_order_.empty() ? nullptr : in_order_.data();
        const std::size_t n = job_.data.n;
        const std::int64_t* const order =
            job_.orders ? job_.orders + (state_.epoch - first_epoch_) * n : order_.draw(job_.seed, state_.epoch);
        if (!job_.rows) return order;
        for (std::size_t i = 0; i < n; ++i) chosen_[i] = job_.rows[order[i]];
        return chosen_.data();
    }

    void end_epoch() {
        ++state_.epoch;
        state_.batch = 0;
        state_.epoch_loss = state_.epoch_weight = 0;
    }

    std::string adapt_rate(double loss) {
        const Adaptive& rule = job_.adaptive;
        if (rule.patience == 0) return "";
        state_.adaptive_stale = loss > state_.adaptive_best - rule.min_delta ? state_.adaptive_stale + 1 : 0;
        state_.adaptive_best = std::min(state_.adaptive_best, loss);
        if (state_.adaptive_stale >= rule.patience) {
            state_.rate_factor *= rule.decay;
            state_.adaptive_stale = 0;
        }
        return state_.rate_factor < rule.floor ? "the learning rate reached its floor" : "";
    }

    std::string stop_early(double loss, Record& record) {
        const EarlyStopping& rule = job_.early_stopping;
        if (rule.patience == 0) return "";
        // a loss that is nan is no improvement
        state_.stale = loss <= state_.best_loss - rule.min_delta ? 0 : state_.stale + 1;
        if (loss < state_.best_loss) {
            state_.best_loss = loss;
            state_.best_epoch = state_.epoch;
            record.improved = true;
            if (memory_.best_out) trainer_.store(memory_.best_out, nullptr);
        }
        return state_.stale >= rule.patience ? "no improvement for " + std::to_string(state_.stale) + " epochs" : "";
    }

    Trainer<T>& trainer_;
    const Job<T>& job_;
    State& state_;
    Memory<T> memory_;
    BatchOrder order_;
    std::vector<std::int64_t> in_order_, chosen_;
    std::vector<double> constants_;
    Pause pause_ = Pause::kInterrupted;  // of a step of several ranks
    std::vector<T> outputs_;  // of the validation rows, where a score is watched
    long first_epoch_ = 0, first_factor_ = 0;
};

}  // namespace glassnet
