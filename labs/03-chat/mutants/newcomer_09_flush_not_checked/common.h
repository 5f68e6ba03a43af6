#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stddef.h>
#include <unistd.h>
#define FAIL(e) (errno = (e), -1)
