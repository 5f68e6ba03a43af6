/* Lab 05: what lies in the shared memory. Given, do not change it: boardd.c and board.c include the same
 * file. */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/*
 * The board begins with this header; its notes lie anywhere behind it. They are joined by offsets: numbers of
 * bytes from the first byte of the board. An offset means the same in every process, wherever the board is
 * mapped; a pointer would not. Offset 0 is the header itself, so 0 stands for "no note".
 */
struct board {
    uint32_t size;  /* of the whole board in bytes, this header included */
    uint32_t count; /* how many notes there are */
    uint32_t head;  /* offset of the first note; 0: there is none */
    uint32_t tail;  /* offset of the last note; 0: there is none */
};

struct note {
    uint32_t next; /* offset of the next note; 0: this is the last one */
    uint32_t len;  /* how many bytes of text follow */
    char text[];   /* without newline and without NUL at its end */
};

/* How many bytes of the board a note with so much text takes. It is a multiple of 4, so that the next one,
 * right behind it, begins at a multiple of 4 again: there a processor expects its uint32_t. */
static inline size_t note_size(size_t len)
{
    return (sizeof(struct note) + len + 3) / 4 * 4;
}

#endif
