// Tests simd.hpp and elementary.hpp: float32 bit patterns (one in 1009 of them, or with the argument "all" every one) and many float64
// values through each elementary function, the fast root and quotient, special values, lanes and partial vectors.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include "elementary.hpp"

using namespace glassnet;

template <class To, class From>
static To bits_as(From from) {
    static_assert(sizeof(To) == sizeof(From), "same size");
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

// The distance of `got` from the exact value in units of the last place of T at the exact value;
// infinite where one is special and the other is not the same, or where a zero has the wrong sign.
template <class T, class Exact>
static double ulp_error(T got, Exact exact) {
    const double wrong = std::numeric_limits<double>::infinity();
    T rounded = T(exact);
    if (std::isnan(rounded) || std::isnan(got)) return std::isnan(rounded) && std::isnan(got) ? 0 : wrong;
    if (std::signbit(got) != std::signbit(rounded)) return wrong;
    if (rounded == got && (rounded == 0 || std::isinf(rounded))) return 0;
    if (std::isinf(got)) return std::fabs(rounded) == std::numeric_limits<T>::max() ? 1 : wrong;
    int exponent = std::max(std::ilogb(exact), std::numeric_limits<T>::min_exponent - 1);
    const Exact unit = std::scalbn(Exact(1), exponent - (std::numeric_limits<T>::digits - 1));
    return double(std::fabs(Exact(got) - exact) / unit);
}

struct Worst {
    double ulp = 0, at = 0;
    void see(double error, double x) {
        if (error > ulp) ulp = error, at = x;
    }
};

// The patterns from `first` to before `last`, `stride` apart.
template <class F, class Reference>
static Worst float_range(F f, Reference reference, uint64_t first, uint64_t last, uint64_t stride) {
    using V = Vec<float>;
    Worst worst;
    for (uint64_t base = first; base < last; base += V::size * stride) {
        alignas(64) float x[V::size], y[V::size];
        for (int i = 0; i < V::size; ++i) x[i] = bits_as<float>(uint32_t(base + i * stride));
        f(V::load(x)).store(y);
        for (int i = 0; i < V::size; ++i) {
            // Most values are within half a unit of the reference's rounding: no need of the slow measure.
            const double exact = reference(double(x[i]));
            if (bits_as<uint32_t>(y[i]) == bits_as<uint32_t>(float(exact)) && worst.ulp >= 0.5) continue;
            worst.see(ulp_error(y[i], exact), x[i]);
        }
    }
    return worst;
}

template <class F, class Reference>
static bool test_float(const char* name, F f, Reference reference, uint64_t stride) {
    const uint64_t count = uint64_t(1) << 32;
    Worst halves[2];
    std::thread other([&] { halves[1] = float_range(f, reference, count / 2, count, stride); });
    halves[0] = float_range(f, reference, 0, count / 2, stride);
    other.join();
    Worst worst = halves[0].ulp >= halves[1].ulp ? halves[0] : halves[1];
    for (uint32_t bits : {0x00000000u, 0x00000001u, 0x007fffffu, 0x00800000u, 0x3effffffu, 0x3f000000u, 0x3f3504f3u,
                          0x3f7fffffu, 0x3f800000u, 0x3f800001u, 0x42b17217u, 0x42b17218u, 0x42cff1b5u, 0x7f7fffffu,
                          0x7f800000u, 0x7fc00000u})
        for (uint32_t sign : {0u, 0x80000000u}) {
            const float x = bits_as<float>(bits | sign);
            alignas(64) float lanes[Vec<float>::size];
            std::fill_n(lanes, Vec<float>::size, x);
            worst.see(ulp_error(f(Vec<float>::load(lanes))[0], reference(double(x))), x);
        }
    std::printf("float32 %-6s 1 in %d of all values: max %.3f ulp at %.9g\n", name, int(stride), worst.ulp, worst.at);
    std::fflush(stdout);
    return worst.ulp <= 4;
}

template <class F, class Reference>
static bool test_double(const char* name, F f, Reference reference, int samples) {
    using V = Vec<double>;
    std::mt19937_64 random(1);
    std::vector<double> special;
    for (double x : {0.0, 5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 1e-20, 0x1p-55, 0x1p-54, 0x1p-53, 1e-8, 0.5,
                     std::sqrt(0.5), 1.0, std::sqrt(2.0), 2.0, 0.34657359027997264, 1.0397207708399179, 19.0, 22.0,
                     36.7, 37.5, 40.0, 50.0, 100.0, 708.3, 708.4, 709.0, 709.78, 709.782712893384, 709.7827128933841,
                     710.0, 744.0, 745.13, 745.14, 746.0, 800.0, 1e10, 0x1p52, 0x1p53, 0x1p60, 0x1p1022, 0x1p1023,
                     1.7976931348623157e308, std::numeric_limits<double>::infinity(),
                     std::numeric_limits<double>::quiet_NaN()})
        for (double near : {x, std::nextafter(x, 0.0), std::nextafter(x, HUGE_VAL)})
            for (double sign : {1.0, -1.0}) special.push_back(sign * near);
    auto sample = [&](int i) {
        if (i < int(special.size())) return special[i];
        std::uniform_real_distribution<double> unit(-1, 1);
        switch (i % 6) {
            case 0: return bits_as<double>(uint64_t(random()));
            case 1: return unit(random) * 760;
            case 2: return unit(random) * 20;
            case 3: return unit(random);
            case 4: return 1 + unit(random) * 0.5;
            default: return std::ldexp(unit(random), -int(random() % 64));
        }
    };
    Worst worst;
    for (int base = 0; base < samples; base += V::size) {
        alignas(64) double x[V::size], y[V::size];
        for (int i = 0; i < V::size; ++i) x[i] = sample(base + i);
        f(V::load(x)).store(y);
        for (int i = 0; i < V::size; ++i) worst.see(ulp_error(y[i], reference((long double)(x[i]))), x[i]);
    }
    std::printf("float64 %-6s %d values: max %.3f ulp at %.17g\n", name, samples, worst.ulp, worst.at);
    std::fflush(stdout);
    return worst.ulp <= 4;
}

template <class T>
static bool test_lanes() {
    using V = Vec<T>;
    const T nan = std::numeric_limits<T>::quiet_NaN();
    bool good = true;
    auto expect = [&](bool condition, const char* what) {
        if (!condition) std::printf("FAILED: %s\n", what), good = false;
    };
    alignas(64) T x[V::size + 1];
    for (int i = 0; i <= V::size; ++i) x[i] = T(i + 1);
    expect(V::load(x).sum() == T(V::size * (V::size + 1) / 2), "sum");
    expect(V::load_unaligned(x + 1)[0] == 2, "unaligned load");
    for (int count = 0; count <= V::size; ++count) {
        V part = V::load_first(x, count);
        T stored[V::size + 1];
        std::fill_n(stored, V::size + 1, T(-1));
        V::load(x).store_first(stored, count);
        for (int i = 0; i < V::size; ++i) {
            expect(part[i] == (i < count ? x[i] : 0), "partial load");
            expect(stored[i] == (i < count ? x[i] : -1), "partial store");
        }
    }
    V numbers = V::load(x), nans(nan);
    auto all_nan = [](V v) {
        for (int i = 0; i < V::size; ++i)
            if (v[i] == v[i]) return false;
        return true;
    };
    expect(all_nan(maximum(numbers, nans)) && all_nan(maximum(nans, numbers)), "maximum propagates NaN");
    expect(all_nan(minimum(numbers, nans)) && all_nan(minimum(nans, numbers)), "minimum propagates NaN");
    expect(all_nan(maximum(nans, V(0))) && all_nan(minimum(V(0), nans)), "NaN against a constant");
    expect(all_nan(maximum(V(0), nans)) && all_nan(minimum(nans, V(0))), "NaN against a constant");
    expect(maximum(numbers, V(2))[0] == 2 && minimum(numbers, V(2))[V::size - 1] == 2, "maximum, minimum");
    expect(maximum(V(2), numbers)[0] == 2 && minimum(V(2), numbers)[0] == 1, "maximum, minimum");
    expect(abs(-numbers)[1] == 2 && sqrt(numbers * numbers)[1] == 2, "abs, sqrt");
    expect(where(numbers > 1, numbers, 0)[0] == 0 && where(!(numbers > 1), numbers, 0)[0] == 1, "where");
    return good;
}

// Subnormals flushed, as the engine runs: nothing but subnormals may change.
static bool test_flushed() {
#if defined(__x86_64__)
    unsigned saved = _mm_getcsr();
    _mm_setcsr(saved | 0x8040);
    using V = Vec<float>;
    bool good = exp(V(-200))[0] == 0 && exp(V(-95))[0] == 0 && std::isinf(exp(V(100))[0]) && log(V(0))[0] < -1e38f &&
                tanh(V(1e-30f))[0] == 1e-30f && expm1(V(-1e-30f))[0] == -1e-30f && log1p(V(3e38f))[0] > 88.5f &&
                log1p(V(1e-30f))[0] == 1e-30f && log(V(1.2e-38f))[0] < -87;
    _mm_setcsr(saved);
    if (!good) std::printf("FAILED: flushed subnormals\n");
    return good;
#else
    return true;
#endif
}

// sqrt(a) and a / b of the optimizers, whose operands and results are normal numbers.
template <class T, class Wide>
static bool test_fast(const char* type, int samples) {
    using V = Vec<T>;
    using L = std::numeric_limits<T>;
    std::mt19937_64 random(2);
    std::uniform_real_distribution<double> unit(1, 2);
    // the estimates are refined by remainders, which must be normal numbers as well
    const int lowest = L::min_exponent + L::digits, highest = L::max_exponent - 1;
    auto draw = [&](int low, int high) {
        return T(std::ldexp(unit(random), low + int(random() % unsigned(high - low))));
    };
    Worst root, quotient;
    for (int base = 0; base < samples; base += V::size) {
        alignas(64) T a[V::size], b[V::size], roots[V::size], quotients[V::size];
        for (int i = 0; i < V::size; ++i) {
            a[i] = draw(lowest, highest);
            b[i] = draw(std::max(lowest / 2, -500), highest / 2) * T(random() % 2 ? 1 : -1);
            if (base + i < 64) a[i] = b[i] = T(base + i + 1);
        }
        fast_sqrt(V::load(a)).store(roots);
        for (int i = 0; i < V::size; ++i) {
            root.see(ulp_error(roots[i], std::sqrt(Wide(a[i]))), double(a[i]));
            a[i] = base + i < 64 ? a[i] : draw(lowest / 2, highest / 2);
        }
        fast_divide(V::load(a), V::load(b)).store(quotients);
        for (int i = 0; i < V::size; ++i) quotient.see(ulp_error(quotients[i], Wide(a[i]) / Wide(b[i])), double(b[i]));
    }
    std::printf("%s fast_sqrt   max %.3f ulp at %.17g\n", type, root.ulp, root.at);
    std::printf("%s fast_divide max %.3f ulp for a divisor of %.17g\n", type, quotient.ulp, quotient.at);
    const T root_of_zero = fast_sqrt(V(0))[0];
    const bool zero = root_of_zero >= 0 && root_of_zero <= 2 * std::sqrt(L::min());
    const bool nothing = fast_divide(V(0), V(3))[0] == 0 && std::isnan(fast_divide(V(L::quiet_NaN()), V(3))[0]);
    if (!zero || !nothing) std::printf("FAILED: fast functions of 0 and NaN\n");
    return root.ulp <= 4 && quotient.ulp <= 4 && zero && nothing;
}

int main(int argc, char** argv) {
    const bool all = argc > 1 && std::strcmp(argv[1], "all") == 0;
    bool good = test_lanes<float>();
    good &= test_lanes<double>();
    good &= test_flushed();
    good &= test_fast<float, double>("float32", all ? 20000000 : 1000000);
    good &= test_fast<double, long double>("float64", all ? 20000000 : 1000000);
#define TEST(function)                                                                             \
    good &= test_double(#function, [](auto x) { return function(x); },                             \
                        [](long double x) { return std::function(x); }, all ? 12000000 : 300000); \
    good &= test_float(#function, [](auto x) { return function(x); },                              \
                       [](double x) { return std::function(x); }, all ? 1 : 1009);
    TEST(exp)
    TEST(expm1)
    TEST(log)
    TEST(log1p)
    TEST(tanh)
#undef TEST
    std::printf(good ? "all tests passed\n" : "TESTS FAILED\n");
    return good ? 0 : 1;
}
