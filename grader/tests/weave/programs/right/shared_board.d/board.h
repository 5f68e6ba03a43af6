#ifndef BOARD_H
#define BOARD_H

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define NAME 64

struct board {
    int number;
};

static inline const char *board_name(char text[NAME], const char *unique, const char *what)
{
    snprintf(text, NAME, "/%s-%s", unique, what);
    return text;
}

static inline void die(const char *what)
{
    perror(what);
    exit(1);
}

#endif
