// A fixed team of threads that meet at barriers, and the flushing of subnormals while they work.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "simd.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

// Meets all threads of a run; spins first, since phases last microseconds, then yields so that more threads than
// processors still make progress.
class Barrier {
public:
    // How many threads meet; before any of them waits.
    void set_threads(int threads) { threads_ = threads; }

    void wait() {
        if (threads_ == 1) return;
        const unsigned phase = phase_.load(std::memory_order_acquire);
        if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
            arrived_.store(0, std::memory_order_relaxed);
            phase_.store(phase + 1, std::memory_order_release);
            return;
        }
        for (int spins = 0; phase_.load(std::memory_order_acquire) == phase; ++spins) {
            if (spins < 4000)
                pause();
            else
                std::this_thread::yield();
        }
    }

private:
    static void pause() {
#if defined(__x86_64__)
        _mm_pause();
#endif
    }

    int threads_ = 1;
    alignas(64) std::atomic<int> arrived_{0};
    alignas(64) std::atomic<unsigned> phase_{0};
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

// Runs one function on every thread of the team, the caller being thread 0. Between two calls the others sleep. Where
// the system has no more threads to give, the team is smaller than asked.
class Pool {
public:
    explicit Pool(int threads) {
        workers_.reserve(threads - 1);
        try {
            for (int t = 1; t < threads; ++t) workers_.emplace_back([this, t] { work(t); });
        } catch (const std::system_error&) {
        }
        threads_ = static_cast<int>(workers_.size()) + 1;
        barrier.set_threads(threads_);
    }
    ~Pool() {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            stop_ = true;
        }
        wake_.notify_all();
        for (std::thread& worker : workers_) worker.join();
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    int threads() const { return threads_; }

    template <class Task>
    void run(const Task& task) {
        if (threads_ == 1) return task(0);
        const std::function<void(int)> function = task;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            task_ = &function;
            generation_.fetch_add(1, std::memory_order_release);
        }
        wake_.notify_all();
        function(0);
        barrier.wait();
    }

    Barrier barrier;

private:
    void work(int thread) {
        const FlushSubnormals flush;
        for (unsigned seen = 0;;) {
            // the next step usually follows within microseconds
            for (int spins = 0; spins < 20000 && generation_.load(std::memory_order_acquire) == seen; ++spins) {
#if defined(__x86_64__)
                _mm_pause();
#endif
            }
            const std::function<void(int)>* task;
            {
                std::unique_lock<std::mutex> lock(mutex_);
                wake_.wait(lock, [&] { return stop_ || generation_.load() != seen; });
                if (stop_) return;
                seen = generation_.load();
                task = task_;
            }
            (*task)(thread);
            barrier.wait();
        }
    }

    int threads_ = 1;
    std::vector<std::thread> workers_;
    std::mutex mutex_;
    std::condition_variable wake_;
    const std::function<void(int)>* task_ = nullptr;
    std::atomic<unsigned> generation_{0};
    bool stop_ = false;
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
