// A fixed-width SIMD vector of float or double, with its mask type and accurate elementary functions.
//
// Everything is written with the compilers' vector extensions, so the same source serves every
// instruction set; the few intrinsics are for operations the extensions cannot express. Names are
// those of <cmath> and numpy, so that an expression reads the same for a scalar and for a vector.
//
// The elementary functions have no branches and no tables. Each reduces its argument to a small
// interval, evaluates one polynomial there and undoes the reduction. The polynomials interpolate the
// function at the Chebyshev points of the interval, which is within a small factor of the best
// possible fit. Nothing here depends on contraction of a * b + c into an fma, nor is harmed by it;
// value-changing compiler options (-ffast-math) would break it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Every instruction set is compiled to a module of its own; the inline namespace keeps their symbols apart as well.
#ifndef GLASSNET_ISA
#define GLASSNET_ISA generic
#endif

namespace glassnet {
inline namespace GLASSNET_ISA {

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
#elif defined(__AVX2__)
constexpr int vector_bytes = 32;
#else
constexpr int vector_bytes = 16;
#endif

// The IEEE layout of a scalar type and the constants of the argument reductions.
template <class T>
struct Format;

template <>
struct Format<float> {
    using Int = int32_t;
    using Uint = uint32_t;
    static constexpr int mantissa_bits = 23;
    static constexpr int exponent_bias = 127;
    static constexpr Uint sqrt_half_bits = 0x3f3504f3;
    // ln 2 in two parts; the high one is short enough for exact products with any exponent.
    static constexpr float ln2_high = 0.693359375f;
    static constexpr float ln2_low = -2.12194440e-4f;
    // Beyond these exp has surely overflowed, or is surely below half the smallest subnormal.
    static constexpr float exp_max = 89.0f;
    static constexpr float exp_min = -104.0f;
    // exp applies 2^n as two factors this far apart in size.
    static constexpr float exp_split = 0x1p64f;
    // Below this expm1 is -1 to the last bit.
    static constexpr float expm1_min = -20.0f;
    // Below this size expm1, log1p and tanh of x are x to the last bit.
    static constexpr float identity_below = 0x1p-26f;
    // From here on 1 + x is x to within a rounding that log does not see.
    static constexpr float swallows_one = 0x1p30f;
    // (exp(r) - 1 - r) / r^2 on |r| <= ln(2) / 2.
    static constexpr float exp_terms[] = {0.5f, 0.166665763f, 0.0416665524f, 0.00836323295f,
                                          0.00139262504f};
    // (2 atanh(s) - 2 s) / s^3 in s^2, for (1 + s) / (1 - s) between sqrt(1/2) and sqrt(2).
    static constexpr float log_terms[] = {0.666666865f, 0.399887592f, 0.295809865f};
};

template <>
struct Format<double> {
    using Int = int64_t;
    using Uint = uint64_t;
    static constexpr int mantissa_bits = 52;
    static constexpr int exponent_bias = 1023;
    static constexpr Uint sqrt_half_bits = 0x3fe6a09e667f3bcd;
    static constexpr double ln2_high = 0.6931471803691238;
    static constexpr double ln2_low = 1.9082149292705877e-10;
    static constexpr double exp_max = 710.0;
    static constexpr double exp_min = -746.0;
    static constexpr double exp_split = 0x1p512;
    static constexpr double expm1_min = -40.0;
    static constexpr double identity_below = 0x1p-55;
    static constexpr double swallows_one = 0x1p60;
    static constexpr double exp_terms[] = {
        0.50000000000000011,    0.16666666666666669,    0.041666666666623824,  0.008333333333330039,
        0.0013888888917367081,  0.00019841269863171557, 2.4801521057868204e-05, 2.7557268276905696e-06,
        2.7620201591031547e-07, 2.5100472505694996e-08};
    static constexpr double log_terms[] = {0.66666666666666696, 0.39999999999898889, 0.28571428626253836,
                                           0.22222211089379496, 0.18182892432536871, 0.15331611722055008,
                                           0.14617807153417325};
};

// b > a ? b : a, and likewise with <: the x86 instructions exactly, which the compilers miss when an
// argument is a constant. Other instruction sets get the expression.
template <class Raw>
inline Raw raw_no_less(Raw a, Raw b) { return b > a ? b : a; }
template <class Raw>
inline Raw raw_no_more(Raw a, Raw b) { return b < a ? b : a; }
#define GLASSNET_BOUNDS(REGISTER, MAX, MIN)                                             \
    inline REGISTER raw_no_less(REGISTER a, REGISTER b) { return MAX(b, a); } \
    inline REGISTER raw_no_more(REGISTER a, REGISTER b) { return MIN(b, a); }
#if defined(__x86_64__)
GLASSNET_BOUNDS(__m128, _mm_max_ps, _mm_min_ps)
GLASSNET_BOUNDS(__m128d, _mm_max_pd, _mm_min_pd)
#endif
#if defined(__AVX__)
GLASSNET_BOUNDS(__m256, _mm256_max_ps, _mm256_min_ps)
GLASSNET_BOUNDS(__m256d, _mm256_max_pd, _mm256_min_pd)
#endif
#if defined(__AVX512F__)
// All lanes chosen: unlike the plain form, this one does not read an uninitialised register in the
// compiler's header, which it then warns about.
#define GLASSNET_MAX_PS(a, b) _mm512_maskz_max_ps(__mmask16(-1), a, b)
#define GLASSNET_MIN_PS(a, b) _mm512_maskz_min_ps(__mmask16(-1), a, b)
#define GLASSNET_MAX_PD(a, b) _mm512_maskz_max_pd(__mmask8(-1), a, b)
#define GLASSNET_MIN_PD(a, b) _mm512_maskz_min_pd(__mmask8(-1), a, b)
GLASSNET_BOUNDS(__m512, GLASSNET_MAX_PS, GLASSNET_MIN_PS)
GLASSNET_BOUNDS(__m512d, GLASSNET_MAX_PD, GLASSNET_MIN_PD)
#undef GLASSNET_MAX_PS
#undef GLASSNET_MIN_PS
#undef GLASSNET_MAX_PD
#undef GLASSNET_MIN_PD
#endif
#undef GLASSNET_BOUNDS

template <class T, int N = vector_bytes / int(sizeof(T))>
struct Vec;

// One truth value per lane, as all-ones or all-zero bits.
template <class T, int N>
struct Mask {
    typedef typename Format<T>::Int Raw __attribute__((vector_size(N * sizeof(T))));
    Raw raw;

    friend Mask operator&(Mask a, Mask b) { return {a.raw & b.raw}; }
    friend Mask operator|(Mask a, Mask b) { return {a.raw | b.raw}; }
    friend Mask operator!(Mask a) { return {~a.raw}; }
    bool operator[](int lane) const { return raw[lane] != 0; }

    // A friend here, and not of Vec, so that both choices may be scalars.
    friend Vec<T, N> where(Mask mask, Vec<T, N> a, Vec<T, N> b) {
        return Vec<T, N>::from_raw(mask.raw ? a.raw : b.raw);
    }
};

template <class T, int N>
struct Vec {
    using Scalar = T;
    using Uint = typename Format<T>::Uint;
    static constexpr int size = N;
    typedef T Raw __attribute__((vector_size(N * sizeof(T))));
    typedef Uint Bits __attribute__((vector_size(N * sizeof(T))));
    Raw raw;

    Vec() = default;
    Vec(T scalar) : raw(scalar - Raw{}) {}  // x - (+0) is x for every x; the compiler sees a broadcast
    static Vec from_raw(Raw raw) {
        Vec v;
        v.raw = raw;
        return v;
    }
    static Vec from_bits(Bits bits) { return from_raw((Raw)bits); }
    Bits bits() const { return (Bits)raw; }

    // The pointer is a multiple of the vector's size, or only of the scalar's.
    static Vec load(const T* p) { return from_raw(*reinterpret_cast<const Aligned*>(p)); }
    static Vec load_unaligned(const T* p) { return from_raw(*reinterpret_cast<const Unaligned*>(p)); }
    void store(T* p) const { *reinterpret_cast<Aligned*>(p) = raw; }
    void store_unaligned(T* p) const { *reinterpret_cast<Unaligned*>(p) = raw; }

    // The first `count` lanes only; a load fills the others with zero.
    static Vec load_first(const T* p, int count) {
        Vec v(T(0));
        for (int i = 0; i < count; ++i) v.raw[i] = p[i];
        return v;
    }
    void store_first(T* p, int count) const {
        for (int i = 0; i < count; ++i) p[i] = raw[i];
    }

    T operator[](int lane) const { return raw[lane]; }

    // The sum of the lanes: halves are added until one lane is left, so the order is fixed.
    T sum() const {
        if constexpr (N == 1)
            return raw[0];
        else
            return (half<0>(Halves()) + half<1>(Halves())).sum();
    }

    friend Vec operator+(Vec a, Vec b) { return from_raw(a.raw + b.raw); }
    friend Vec operator-(Vec a, Vec b) { return from_raw(a.raw - b.raw); }
    friend Vec operator*(Vec a, Vec b) { return from_raw(a.raw * b.raw); }
    friend Vec operator/(Vec a, Vec b) { return from_raw(a.raw / b.raw); }
    friend Vec operator-(Vec a) { return from_raw(-a.raw); }
    Vec& operator+=(Vec b) { return *this = *this + b; }
    Vec& operator-=(Vec b) { return *this = *this - b; }
    Vec& operator*=(Vec b) { return *this = *this * b; }
    Vec& operator/=(Vec b) { return *this = *this / b; }

    using M = Mask<T, N>;
    friend M operator<(Vec a, Vec b) { return {(typename M::Raw)(a.raw < b.raw)}; }
    friend M operator>(Vec a, Vec b) { return {(typename M::Raw)(a.raw > b.raw)}; }
    friend M operator<=(Vec a, Vec b) { return {(typename M::Raw)(a.raw <= b.raw)}; }
    friend M operator>=(Vec a, Vec b) { return {(typename M::Raw)(a.raw >= b.raw)}; }
    friend M operator==(Vec a, Vec b) { return {(typename M::Raw)(a.raw == b.raw)}; }
    friend M operator!=(Vec a, Vec b) { return {(typename M::Raw)(a.raw != b.raw)}; }

    // A NaN in either argument is returned. The inner function returns `a` if either is NaN; the
    // choice around it, for a NaN in `b`, folds away when `b` is a constant.
    friend Vec maximum(Vec a, Vec b) { return where(b == b, no_less(a, b), b); }
    friend Vec minimum(Vec a, Vec b) { return where(b == b, no_more(a, b), b); }

    // a bounded by b from below or above; `a` if either is NaN.
    friend Vec no_less(Vec a, Vec b) { return from_raw(raw_no_less(a.raw, b.raw)); }
    friend Vec no_more(Vec a, Vec b) { return from_raw(raw_no_more(a.raw, b.raw)); }

    friend Vec abs(Vec a) { return from_bits(a.bits() & ~sign_bit); }
    friend Vec copysign(Vec magnitude, Vec sign) {
        return from_bits((magnitude.bits() & ~sign_bit) | (sign.bits() & sign_bit));
    }

    friend Vec sqrt(Vec a) {
        for (int i = 0; i < N; ++i) a.raw[i] = sizeof(T) == 4 ? __builtin_sqrtf(a.raw[i]) : __builtin_sqrt(a.raw[i]);
        return a;
    }

    // -1, 0 or 1; NaN for NaN.
    friend Vec sign(Vec a) { return where(a > Vec(0), Vec(1), where(a < Vec(0), Vec(-1), a)); }

    // Lanes 0 … count - 1.
    static M first_lanes(int count) {
        typename M::Raw lane;
        for (int i = 0; i < N; ++i) lane[i] = i;
        return {(typename M::Raw)(lane < static_cast<typename Format<T>::Int>(count))};
    }

    // The largest lane, or NaN if there is one.
    T max() const {
        if constexpr (N == 1)
            return raw[0];
        else
            return maximum(half<0>(Halves()), half<1>(Halves())).max();
    }

private:
    // The compilers let a vector alias its elements. No may_alias: with it, every store would make
    // them fetch pointers and sizes anew.
    typedef T Aligned __attribute__((vector_size(N * sizeof(T))));
    typedef T Unaligned __attribute__((vector_size(N * sizeof(T)), aligned(sizeof(T))));
    static constexpr Uint sign_bit = Uint(1) << (8 * sizeof(T) - 1);

    using Halves = std::make_integer_sequence<int, N / 2>;
    template <int Upper, int... I>
    Vec<T, N / 2> half(std::integer_sequence<int, I...>) const {
        using Half = Vec<T, N / 2>;
        return Half::from_raw(typename Half::Raw{raw[Upper * N / 2 + I]...});
    }
};

// Lane i of the result is lane I[i] of a and b together, b's lanes counted on from a's.
template <int... I, class T, int N>
inline Vec<T, N> shuffle(Vec<T, N> a, Vec<T, N> b) {
#if defined(__clang__)
    return Vec<T, N>::from_raw(__builtin_shufflevector(a.raw, b.raw, I...));
#else  // GCC 11 and older lack __builtin_shufflevector
    return Vec<T, N>::from_raw(__builtin_shuffle(a.raw, b.raw, typename Mask<T, N>::Raw{I...}));
#endif
}

// Of a and b, blocks of Step lanes in turn: the lower ones of each pair, or the upper ones.
template <class T, int Step, bool Upper, int... I>
inline Vec<T> exchange_lanes(Vec<T> a, Vec<T> b, std::integer_sequence<int, I...>) {
    constexpr int n = sizeof...(I);
    if constexpr (!Upper)
        return shuffle<((I & Step) == 0 ? I : n + I - Step)...>(a, b);
    else
        return shuffle<((I & Step) == 0 ? I + Step : n + I)...>(a, b);
}

// Transposes a square of vectors in registers by exchanging ever larger blocks.
template <class T, int Step = 1>
inline __attribute__((always_inline)) void transpose_square(Vec<T> (&row)[Vec<T>::size]) {
    constexpr int N = Vec<T>::size;
    if constexpr (Step < N) {
        using Lanes = std::make_integer_sequence<int, N>;
#pragma GCC unroll 16
        for (int r = 0; r < N; ++r) {
            if (r & Step) continue;
            const Vec<T> a = row[r], b = row[r + Step];
            row[r] = exchange_lanes<T, Step, false>(a, b, Lanes{});
            row[r + Step] = exchange_lanes<T, Step, true>(a, b, Lanes{});
        }
        transpose_square<T, 2 * Step>(row);
    }
}

// sqrt(a) and a / b for an optimizer's step. Exact division and square root of full-width vectors take some sixteen
// cycles each; where the processor has 14-bit estimates, Newton steps refine them to about a unit in the last place.
// The least normal number is added under the root, so that 0 gives a root far below any epsilon, and not nan; inf stays
// inf, and what is divided by it becomes 0.
#if defined(__AVX512F__)
inline Vec<float> reciprocal_estimate(Vec<float> x) {
    return Vec<float>::from_raw(_mm512_maskz_rcp14_ps(__mmask16(-1), x.raw));
}
inline Vec<double> reciprocal_estimate(Vec<double> x) {
    return Vec<double>::from_raw(_mm512_maskz_rcp14_pd(__mmask8(-1), x.raw));
}
inline Vec<float> root_estimate(Vec<float> x) {
    return Vec<float>::from_raw(_mm512_maskz_rsqrt14_ps(__mmask16(-1), x.raw));
}
inline Vec<double> root_estimate(Vec<double> x) {
    return Vec<double>::from_raw(_mm512_maskz_rsqrt14_pd(__mmask8(-1), x.raw));
}

template <class V>
inline V fast_sqrt(V a) {
    using T = typename V::Scalar;
    a += V(std::numeric_limits<T>::min());
    V y = root_estimate(a);
    if (sizeof(T) == 8) y += y * (V(T(0.5)) - V(T(0.5)) * a * y * y);
    const V root = a * y;
    return where(a <= V(std::numeric_limits<T>::max()), root + V(T(0.5)) * y * (a - root * root), a);
}

template <class V>
inline V fast_divide(V a, V b) {
    using T = typename V::Scalar;
    const V estimate = reciprocal_estimate(b);
    V r = estimate;
    if (sizeof(T) == 8) r += r * (V(1) - b * r);
    r += r * (V(1) - b * r);
    return a * where(b <= V(std::numeric_limits<T>::max()), r, estimate);
}
#else
template <class V>
inline V fast_sqrt(V a) { return sqrt(a); }
template <class V>
inline V fast_divide(V a, V b) { return a / b; }
#endif

// sum of c[k] x^k by Horner's rule.
template <class T, int N, size_t K>
inline Vec<T, N> polynomial(Vec<T, N> x, const T (&c)[K]) {
    Vec<T, N> sum = c[K - 1];
    for (size_t k = K - 1; k-- > 0;) sum = sum * x + c[k];
    return sum;
}

// x = n ln 2 + r with integer n and |r| <= ln(2) / 2, by Cody and Waite's two-part ln 2 (Software
// Manual for the Elementary Functions, 1980). Adding 1.5 * 2^mantissa_bits rounds x / ln 2 to an
// integer and leaves that integer in the low bits of the sum.
template <class T, int N>
struct ExpReduction {
    using V = Vec<T, N>;
    using F = Format<T>;
    V r, n;
    typename V::Bits exponent;  // n in the place of the exponent field

    explicit ExpReduction(V x) {
        const V shift = T(1.5) * T(typename F::Uint(1) << F::mantissa_bits);
        V shifted = x * V(T(1.4426950408889634074)) + shift;
        n = shifted - shift;
        r = (x - n * V(F::ln2_high)) - n * V(F::ln2_low);
        exponent = shifted.bits() << F::mantissa_bits;
    }

    V expm1_of_r() const { return r + r * r * polynomial(r, F::exp_terms); }
    // `power` * 2^n, where `power` is a power of two and the result is normal.
    V scaled(V power) const { return V::from_bits(power.bits() + exponent); }
};

template <class T, int N>
inline Vec<T, N> exp(Vec<T, N> x) {
    using V = Vec<T, N>;
    using F = Format<T>;
    x = no_less(no_more(x, F::exp_max), F::exp_min);
    ExpReduction<T, N> reduced(x);
    V fraction = 1 + reduced.expm1_of_r();
#if defined(__AVX512F__)
    // One instruction for what follows.
    if constexpr (sizeof(V) == 64) {
        if constexpr (sizeof(T) == 4)
            return V::from_raw(_mm512_maskz_scalef_ps(__mmask16(-1), fraction.raw, reduced.n.raw));
        else
            return V::from_raw(_mm512_maskz_scalef_pd(__mmask8(-1), fraction.raw, reduced.n.raw));
    }
#endif
    // 2^n may overflow or be subnormal where the result does not, or is. So it is applied as two
    // normal factors, and the last product alone rounds.
    auto negative = x < V(0);
    V first = reduced.scaled(where(negative, F::exp_split, 1 / F::exp_split));
    V second = where(negative, 1 / F::exp_split, F::exp_split);
    return fraction * first * second;
}

// expm1 where it cannot overflow to more than infinity: expm1_min <= x <= exp_max, or NaN. A tiny x
// comes back rounded, and -0 as +0; callers that care restore it.
template <class T, int N>
inline Vec<T, N> bounded_expm1(Vec<T, N> x) {
    // exp(x) - 1 = (exp(r) - 1) 2^n + (2^n - 1), halved because 2^n alone may overflow.
    using V = Vec<T, N>;
    ExpReduction<T, N> reduced(x);
    V half_power = reduced.scaled(T(0.5));
    return (reduced.expm1_of_r() * half_power + (half_power - T(0.5))) * 2;
}

template <class T, int N>
inline Vec<T, N> expm1(Vec<T, N> x) {
    using F = Format<T>;
    auto result = bounded_expm1(no_less(no_more(x, F::exp_max), F::expm1_min));
    return where(abs(x) < F::identity_below, x, result);
}

// tanh(x) = -u / (2 + u) with u = expm1(-2 |x|): no cancellation anywhere, no overflow.
template <class T, int N>
inline Vec<T, N> tanh(Vec<T, N> x) {
    using F = Format<T>;
    auto u = bounded_expm1(no_less(-2 * abs(x), F::expm1_min));
    return where(abs(x) < F::identity_below, x, copysign(-u / (2 + u), x));
}

// x = m 2^k with m between sqrt(1/2) and sqrt(2), for a positive normal x.
template <class T, int N>
struct LogReduction {
    using V = Vec<T, N>;
    using F = Format<T>;
    using Uint = typename F::Uint;
    V m, k;
    typename V::Bits biased_k;

    explicit LogReduction(V x) {
        // Moving sqrt(1/2) to 1 makes the exponent field change there, and not at the powers of two.
        constexpr Uint one_bits = Uint(F::exponent_bias) << F::mantissa_bits;
        constexpr Uint mantissa_mask = (Uint(1) << F::mantissa_bits) - 1;
        auto moved = x.bits() + (one_bits - F::sqrt_half_bits);
        biased_k = moved >> F::mantissa_bits;
        m = V::from_bits((moved & mantissa_mask) + F::sqrt_half_bits);
        // An integer in the low bits of 2^mantissa_bits is added to it.
        const V shift = T(Uint(1) << F::mantissa_bits);
        k = V::from_bits(biased_k | shift.bits()) - (shift + F::exponent_bias);
    }
    V inverse_power() const { return V::from_bits((2 * F::exponent_bias - biased_k) << F::mantissa_bits); }
};

// k ln 2 + log(1 + f). With s = f / (2 + f), log(1 + f) = 2 atanh(s) = f - f^2/2 + s (f^2/2 + s^2 P(s^2)):
// the leading terms are free of the division's rounding (the arrangement of Sun's fdlibm).
template <class T, int N>
inline Vec<T, N> log_of_parts(Vec<T, N> f, Vec<T, N> k) {
    using F = Format<T>;
    auto s = f / (2 + f);
    auto half_square = T(0.5) * f * f;
    auto tail = s * (half_square + s * s * polynomial(s * s, F::log_terms)) + k * F::ln2_low;
    return k * F::ln2_high + (f - (half_square - tail));
}

template <class T, int N>
inline Vec<T, N> log(Vec<T, N> x) {
    using V = Vec<T, N>;
    using L = std::numeric_limits<T>;
    const T subnormal_scale = T(typename Format<T>::Uint(1) << Format<T>::mantissa_bits);
    auto subnormal = x < L::min();
    LogReduction<T, N> parts(where(subnormal, x * subnormal_scale, x));
    V k = where(subnormal, parts.k - Format<T>::mantissa_bits, parts.k);
    V result = log_of_parts(parts.m - 1, k);
    V outside = where(x == V(0), -L::infinity(), L::quiet_NaN());
    return where(x > V(0), where(x < L::infinity(), result, x), outside);
}

template <class T, int N>
inline Vec<T, N> log1p(Vec<T, N> x) {
    using V = Vec<T, N>;
    using F = Format<T>;
    using L = std::numeric_limits<T>;
    // f = (1 + x) / 2^k - 1 is formed from x, not from the rounded 1 + x; x / 2^k is exact. A large x
    // swallows the 1, and its 2^-k may be subnormal.
    LogReduction<T, N> parts(1 + x);
    V inverse = parts.inverse_power();
    V f = where(x < F::swallows_one, x * inverse + (inverse - 1), parts.m - 1);
    V result = log_of_parts(f, parts.k);
    result = where(abs(x) < F::identity_below, x, result);
    V outside = where(x == V(-1), -L::infinity(), L::quiet_NaN());
    return where(x > V(-1), where(x < L::infinity(), result, x), outside);
}

}  // namespace GLASSNET_ISA
}  // namespace glassnet
