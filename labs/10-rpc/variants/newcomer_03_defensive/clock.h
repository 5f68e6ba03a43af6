#pragma once
#include <stdint.h>
#include <time.h>

static inline int64_t clock_us(void)
{
        struct timespec ts = { 0, 0 };
        if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
                return 0;
        return (int64_t)ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000;
}
