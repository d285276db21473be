// Accurate elementary functions of vectors, and a fast square root and quotient for an optimizer's step.
//
// The elementary functions have no branches and no tables. Each reduces its argument to a small
// interval, evaluates one polynomial there and undoes the reduction. The polynomials interpolate the
// function at the Chebyshev points of the interval, which is within a small factor of the best
// possible fit. Nothing here depends on contraction of a * b + c into an fma, nor is harmed by it;
// value-changing compiler options (-ffast-math) would break it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "simd.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

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

// The constants of the argument reductions.
template <class T>
struct Constants;

template <>
struct Constants<float> : Format<float> {
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
struct Constants<double> : Format<double> {
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
    using F = Constants<T>;
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
    using F = Constants<T>;
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
    using F = Constants<T>;
    auto result = bounded_expm1(no_less(no_more(x, F::exp_max), F::expm1_min));
    return where(abs(x) < F::identity_below, x, result);
}

// tanh(x) = -u / (2 + u) with u = expm1(-2 |x|): no cancellation anywhere, no overflow.
template <class T, int N>
inline Vec<T, N> tanh(Vec<T, N> x) {
    using F = Constants<T>;
    auto u = bounded_expm1(no_less(-2 * abs(x), F::expm1_min));
    return where(abs(x) < F::identity_below, x, copysign(-u / (2 + u), x));
}

// x = m 2^k with m between sqrt(1/2) and sqrt(2), for a positive normal x.
template <class T, int N>
struct LogReduction {
    using V = Vec<T, N>;
    using F = Constants<T>;
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
    using F = Constants<T>;
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
    using F = Constants<T>;
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
