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
    bool shuffle = false;
    std::uint64_t seed = 0;
    const std::int64_t* orders = nullptr;  // of the rows, one after the other for the epochs of this call; else drawn
    EarlyStopping early_stopping;
    Adaptive adaptive;
};

struct Record {
    std::vector<double> loss, validation_loss, learning_rate;
    std::string stopped;  // why, if before all epochs were done
    bool non_finite = false;
    std::vector<double> bad_theta;  // the parameters that gave it
};

// Trains to the end of the `epochs`-th epoch from here, or to before step `until` if that comes first. theta and slots
// are read at the start and written at the end; best receives the parameters of the best validation loss. `interrupted`
// is asked now and then, also inside a long step, whether to stop. After a loss that is inf
// or nan theta is that of the last finite loss, or without snapshots that of the start.
template <class T>
class Run {
public:
    Run(Trainer<T>& trainer, const Job<T>& job, State& state, std::size_t parameters, T* theta,
        std::vector<T*> slots, T* best, bool snapshots, std::function<bool()> interrupted)
        : trainer_(trainer), job_(job), state_(state), parameters_(parameters), theta_(theta),
          slots_(std::move(slots)), best_(best), snapshots_(snapshots),
          order_(shuffled() && !job.orders ? job.data.n : 0), constants_(job.constants) {
        trainer_.ask(std::move(interrupted));
        if (!shuffled() && job.batch_size < job.data.n) {
            in_order_.resize(job.data.n);
            std::iota(in_order_.begin(), in_order_.end(), 0);
        }
    }

    Record train(long epochs, long until) {
        Record record;
        record.loss.reserve(epochs);
        record.learning_rate.reserve(epochs);
        first_step_ = state_.step;
        first_epoch_ = state_.epoch;
        trainer_.load(theta_, slots_.data());
        if (snapshots_)
            take_snapshot();
        else
            start_.assign(theta_, theta_ + parameters_);
        for (long epoch = 0; epoch < epochs && state_.step != until; ++epoch) {
            if (snapshots_ && (state_.step - snapshot_.step >= kSnapshotSteps || state_.rate_factor != snapshot_.rate_factor))
                take_snapshot();
            const Pause pause = run_epoch(until);
            if (pause == Pause::kUntil) break;
            if (pause == Pause::kInterrupted) {
                record.stopped = "interrupted";
                break;
            }
            if (pause == Pause::kNonFinite) return give_back_last_good(record);
            const double loss = state_.epoch_loss / state_.epoch_weight;
            end_epoch();
            record.loss.push_back(loss);
            record.learning_rate.push_back(constants_[0]);
            double watched = loss;
            if (job_.validation.n > 0) {
                watched = trainer_.loss(job_.validation);
                if (trainer_.cut_short()) break;
                record.validation_loss.push_back(watched);
            }
            record.stopped = adapt_rate(loss);
            if (record.stopped.empty()) record.stopped = stop_early(watched);
            if (!record.stopped.empty()) break;
        }
        trainer_.store(theta_, slots_.data());
        for (std::size_t i = 0; i < parameters_; ++i)
            if (!std::isfinite(theta_[i])) return give_back_last_good(record);
        return record;
    }

private:
    static constexpr long kSnapshotSteps = 64;  // at least so many steps lie between two snapshots

    enum class Pause { kEndOfEpoch, kUntil, kInterrupted, kNonFinite };

    bool shuffled() const { return job_.shuffle && job_.batch_size < job_.data.n; }

    double rate(long step) const {
        const std::size_t at = job_.factors.size() > 1 ? static_cast<std::size_t>(step - first_step_) : 0;
        return job_.constants[0] * job_.factors[at] * state_.rate_factor;
    }

    // The rest of this epoch's pass over the data, or as much of it as lies before step `end`.
    Pause run_epoch(long end) {
        const Rows<T>& data = job_.data;
        const std::int64_t* order = shuffled() ? job_.orders ? job_.orders + (state_.epoch - first_epoch_) * data.n
                                                             : order_.draw(job_.seed, state_.epoch)
                                    : in_order_.empty() ? nullptr  // one batch, all rows
                                                        : in_order_.data();
        for (std::size_t first = state_.batch * job_.batch_size; first < data.n; first += job_.batch_size) {
            if (state_.step == end) return Pause::kUntil;
            const std::size_t count = std::min(job_.batch_size, data.n - first);
            double weight = static_cast<double>(count);
            if (data.weight) {
                weight = 0;
                for (std::size_t i = 0; i < count; ++i) weight += double(data.weight[order ? order[first + i] : std::int64_t(i)]);
            }
            constants_[0] = rate(state_.step);
            if (weight > 0) {  // a batch whose weights are all 0 has no mean and teaches nothing
                const Step step{order ? order + first : nullptr, count, weight, state_.step, constants_.data()};
                const double loss = trainer_.step(step);
                if (trainer_.cut_short()) return Pause::kInterrupted;
                if (!std::isfinite(loss)) return Pause::kNonFinite;
                state_.epoch_loss += weight * loss;
                state_.epoch_weight += weight;
            }
            ++state_.step;
            ++state_.batch;
        }
        return Pause::kEndOfEpoch;
    }

    void end_epoch() {
        ++state_.epoch;
        state_.batch = 0;
        state_.epoch_loss = state_.epoch_weight = 0;
    }

    void take_snapshot() {
        std::swap(snapshot_, previous_);  // the new one is not known to be good before its first loss
        snapshot_.theta.resize(parameters_);
        snapshot_.slots.assign(slots_.size(), std::vector<T>(parameters_));
        std::vector<T*> slots;
        for (auto& slot : snapshot_.slots) slots.push_back(slot.data());
        trainer_.store(snapshot_.theta.data(), slots.data());
        snapshot_.step = state_.step;
        snapshot_.epoch = state_.epoch;
        snapshot_.batch = state_.batch;
        snapshot_.rate_factor = state_.rate_factor;
    }

    // The run is a function of where it starts: repeat it from the snapshot up to the step before the last.
    Record give_back_last_good(Record& record) {
        record.non_finite = true;
        if (!snapshots_) {
            trainer_.store(theta_, nullptr);
            record.bad_theta.assign(theta_, theta_ + parameters_);
            std::copy(start_.begin(), start_.end(), theta_);
            return record;
        }
        const State failed = state_;
        if (failed.step == snapshot_.step && previous_.epoch >= 0) snapshot_ = previous_;
        repeat(failed.step);
        trainer_.store(theta_, nullptr);
        record.bad_theta.assign(theta_, theta_ + parameters_);
        repeat(std::max(failed.step - 1, snapshot_.step));
        trainer_.store(theta_, slots_.data());
        state_ = failed;
        return record;
    }

    // From the snapshot to before step `end`.
    void repeat(long end) {
        std::vector<const T*> slots;
        for (const auto& slot : snapshot_.slots) slots.push_back(slot.data());
        trainer_.load(snapshot_.theta.data(), slots.data());
        state_.rate_factor = snapshot_.rate_factor;
        state_.step = snapshot_.step;
        state_.epoch = snapshot_.epoch;
        state_.batch = snapshot_.batch;
        for (; state_.step < end && !trainer_.cut_short(); end_epoch()) run_epoch(end);
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

    std::string stop_early(double loss) {
        const EarlyStopping& rule = job_.early_stopping;
        if (rule.patience == 0) return "";
        state_.stale = loss > state_.best_loss - rule.min_delta ? state_.stale + 1 : 0;
        if (loss < state_.best_loss) {
            state_.best_loss = loss;
            state_.best_epoch = state_.epoch;
            if (best_) trainer_.store(best_, nullptr);
        }
        return state_.stale >= rule.patience ? "no improvement for " + std::to_string(state_.stale) + " epochs" : "";
    }

    struct Snapshot {
        std::vector<T> theta;
        std::vector<std::vector<T>> slots;
        long step = 0, epoch = -1, batch = 0;  // epoch -1: none taken yet
        double rate_factor = 1;
    };

    Trainer<T>& trainer_;
    const Job<T>& job_;
    State& state_;
    std::size_t parameters_;
    T* theta_;
    std::vector<T*> slots_;
    T* best_;
    bool snapshots_;
    BatchOrder order_;
    std::vector<std::int64_t> in_order_;
    std::vector<double> constants_;
    Snapshot snapshot_, previous_;
    std::vector<T> start_;  // theta of the start, instead of snapshots
    long first_step_ = 0, first_epoch_ = 0;
};

}  // namespace glassnet
