#ifndef TWICE_H
#define TWICE_H
#include <stdint.h>

int64_t twice(int64_t x);

#endif
