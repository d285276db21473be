// A team of threads that meet at barriers and adapts its size, and the flushing of subnormals while they work.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "simd.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

// A number that threads wait for: they spin for a moment, since phases last microseconds, and then sleep, since a thread
// that another program keeps from its core may come back milliseconds later.
class Signal {
public:
    std::uint64_t value() const { return value_.load(std::memory_order_acquire); }

    void set(std::uint64_t value) {
        value_.store(value, std::memory_order_seq_cst);
        if (sleepers_.load(std::memory_order_seq_cst) == 0) return;
        const std::lock_guard<std::mutex> lock(mutex_);  // a sleeper has either seen the value or waits by now
        changed_.notify_all();
    }

    // Waits until the number is no longer `seen`; returns the nanoseconds slept.
    long wait(std::uint64_t seen) {
        const auto begin = Clock::now();
        while (Clock::now() - begin < kSpin)
            for (int i = 0; i < 16; ++i) {
                if (value() != seen) return 0;
                pause();
            }
        const auto asleep = Clock::now();
        std::unique_lock<std::mutex> lock(mutex_);
        sleepers_.fetch_add(1, std::memory_order_seq_cst);
        changed_.wait(lock, [&] { return value_.load(std::memory_order_seq_cst) != seen; });
        sleepers_.fetch_sub(1, std::memory_order_relaxed);
        return std::chrono::nanoseconds(Clock::now() - asleep).count();
    }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::microseconds kSpin{50};

    static void pause() {
#if defined(__x86_64__)
        _mm_pause();
#endif
    }

    alignas(64) std::atomic<std::uint64_t> value_{0};
    alignas(64) std::atomic<int> sleepers_{0};
    std::mutex mutex_;
    std::condition_variable changed_;
};

// Meets the threads of a team.
class Barrier {
public:
    // The number of threads that meet; before any of them waits.
    void set_threads(int threads) { threads_ = threads; }

    void wait() {
        const std::uint64_t phase = phase_.value();
        if (arrive()) return;
        if (const long slept = phase_.wait(phase)) slept_.fetch_add(slept, std::memory_order_relaxed);
    }

    // Comes to the meeting without waiting for it; true for the last to come.
    bool arrive() {
        const int threads = threads_;  // once the last has come, it may be set anew
        if (threads == 1) return true;
        const std::uint64_t phase = phase_.value();
        if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 < threads) return false;
        arrived_.store(0, std::memory_order_relaxed);
        phase_.set(phase + 1);
        return true;
    }

    // The nanoseconds that all threads slept here since this was asked last.
    long take_slept() { return slept_.exchange(0, std::memory_order_relaxed); }

private:
    int threads_ = 1;
    alignas(64) std::atomic<int> arrived_{0};
    Signal phase_;
    std::atomic<long> slept_{0};
};

// Flushes subnormals to zero while alive: decaying averages end up there, and one subnormal operand costs a hundred
// cycles.
class FlushSubnormals {
public:
#if defined(__x86_64__)
    FlushSubnormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040); }
    ~FlushSubnormals() { _mm_setcsr(saved_); }

private:
    unsigned saved_;
#else
    FlushSubnormals() {}
#endif
};

// Chooses the size of a team while it works. Bits do not depend on it, so time decides: as long as nobody sleeps at a
// barrier all threads have their cores, and nothing is tried. Where they do sleep, half the team works for a moment, and
// the faster of the two goes on; a team that was halved is doubled for a moment now and then.
class TeamSize {
public:
    // `given`: the sizes of one step after the other, for who wants to choose them; else empty.
    TeamSize(int most, std::vector<int> given) : most_(most), size_(most), given_(std::move(given)) {
        Memory& memory = last();
        const std::lock_guard<std::mutex> lock(memory.mutex);
        if (memory.most != most || Clock::now() - memory.at > std::chrono::seconds(2)) return;
        size_ = memory.size;
        patience_ = memory.patience;
    }
    ~TeamSize() {
        Memory& memory = last();
        const std::lock_guard<std::mutex> lock(memory.mutex);
        memory.most = most_;
        memory.size = size_;
        memory.patience = patience_;
        memory.at = Clock::now();
    }

    int now() const {
        if (!given_.empty()) return std::clamp(given_[steps_ % given_.size()], 1, most_);
        return tried_ ? tried_ : size_;
    }

    // After a step of `work` with the team of now(): it took `seconds`, of which its threads slept `slept` together.
    void took(double seconds, double work, double slept) {
        ++steps_;
        window_.seconds += seconds;
        window_.work += work;
        window_.slept += slept;
        since_trial_ += seconds;
        if (++window_.steps < kLeastSteps || window_.seconds < kWindow) return;
        const double rate = window_.work / window_.seconds;
        if (tried_) {
            decide(rate);
        } else {
            rate_ = rate;
            const bool asleep = window_.slept > kAsleep * size_ * window_.seconds, patient = since_trial_ > patience_;
            if (size_ > 1 && asleep && (!needs_all_ || patient))
                tried_ = size_ / 2;
            else if (size_ < most_ && patient)
                tried_ = std::min(most_, 2 * size_);
        }
        window_ = {};
    }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr double kWindow = 0.01;  // seconds: a few time slices of a scheduler
    static constexpr int kLeastSteps = 3;
    static constexpr double kAsleep = 0.1;  // of the team's time
    static constexpr double kGain = 1.1;    // that a larger team must bring
    static constexpr double kFirstPatience = 0.1, kMostPatience = 1.0;

    struct Window {
        double seconds = 0, work = 0, slept = 0;
        int steps = 0;
    };

    // Where the last team of this process ended, for a call that goes on with the same run.
    struct Memory {
        std::mutex mutex;
        int most = 0, size = 0;
        double patience = 0;
        Clock::time_point at;
    };
    static Memory& last() {
        static Memory memory;
        return memory;
    }

    void decide(double rate) {
        const bool larger = tried_ > size_;
        const bool better = larger ? rate > kGain * rate_ : rate_ < kGain * rate;
        if (better) size_ = tried_;
        if (better || !larger) needs_all_ = !better;
        // what was confirmed is asked less often
        patience_ = better ? kFirstPatience : std::min(2 * patience_, kMostPatience);
        tried_ = 0;
        since_trial_ = 0;
    }

    const int most_;
    int size_;
    int tried_ = 0;  // the size on trial, or 0
    const std::vector<int> given_;
    std::size_t steps_ = 0;
    bool needs_all_ = false;  // half of this team was slower
    double rate_ = 0, patience_ = kFirstPatience, since_trial_ = 0;
    Window window_;
};

// Runs one function on every thread of a team, the caller being thread 0. Between two calls the others sleep. Where the
// system has no more threads to give, the team is smaller than asked; where they have no core, it shrinks for a while.
class Pool {
public:
    explicit Pool(int threads, std::vector<int> sizes = {}) : workers_(start(threads)), size_(most(), std::move(sizes)) {}
    ~Pool() {
        stop_ = true;
        call_.set(call_.value() + kCall);
        for (std::thread& worker : workers_) worker.join();
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    // The largest team, and the one of the call that runs.
    int most() const { return static_cast<int>(workers_.size()) + 1; }
    int threads() const { return threads_; }

    // Calls task(thread) on the threads of the team; steps of known `work` teach it its size.
    template <class Task>
    void run(const Task& task, double work = 0) {
        threads_ = size_.now();
        barrier.set_threads(threads_);
        if (most() == 1) return task(0);
        const auto begin = std::chrono::steady_clock::now();
        if (threads_ > 1) {
            function_ = {[](const void* object, int thread) { (*static_cast<const Task*>(object))(thread); }, &task};
            call_.set((call_.value() / kCall + 1) * kCall + threads_);
        }
        task(0);
        barrier.wait();
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
        const double slept = 1e-9 * barrier.take_slept();
        if (work > 0) size_.took(seconds.count(), work, slept);
    }

    Barrier barrier;

private:
    // `call_` counts the calls and, below kCall, tells the size of the team.
    static constexpr std::uint64_t kCall = 1 << 16;

    std::vector<std::thread> start(int threads) {
        std::vector<std::thread> workers;
        workers.reserve(threads - 1);
        try {
            for (int t = 1; t < threads; ++t) workers.emplace_back([this, t] { work(t); });
        } catch (const std::system_error&) {
        }
        return workers;
    }

    void work(int thread) {
        const FlushSubnormals flush;
        for (std::uint64_t seen = 0;;) {
            call_.wait(seen);
            if (stop_) return;
            seen = call_.value();
            if (thread >= static_cast<int>(seen % kCall)) continue;
            function_.call(function_.object, thread);
            barrier.arrive();
        }
    }

    struct Function {
        void (*call)(const void*, int) = nullptr;
        const void* object = nullptr;
    };

    int threads_ = 1;
    Function function_;
    Signal call_;
    std::atomic<bool> stop_{false};
    std::vector<std::thread> workers_;
    TeamSize size_;
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
