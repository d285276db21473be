// Simulates steps of a team that finds its size: `team most one two slept …`, three numbers for each two seconds: the
// milliseconds of a step with one thread and with more, and the share of the time that more sleep. Prints, for each two
// seconds, the share of the time with more threads than one, and the steps done over those that one thread does.
#include <cstdio>
#include <cstdlib>

#include "pool.hpp"

int main(int count, char** arguments) {
    glassnet::TeamSize team(std::atoi(arguments[1]), {});
    for (int i = 2; i + 2 < count; i += 3) {
        const double one = std::atof(arguments[i]) / 1e3, more = std::atof(arguments[i + 1]) / 1e3;
        const double slept = std::atof(arguments[i + 2]);
        double seconds = 0, shared = 0, steps = 0;
        for (; seconds < 2; ++steps) {
            const int size = team.now();
            const double step = size == 1 ? one : more;
            team.took(step, 1, size == 1 ? 0 : slept * size * step);
            seconds += step;
            if (size > 1) shared += step;
        }
        std::printf("%g %g\n", shared / seconds, steps * one / seconds);
    }
}
