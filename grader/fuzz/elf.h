/* For the two targets that give elfutils a binary made from hostile source (lines.c, names.c). */
#ifndef GRADER_FUZZ_ELF_H
#define GRADER_FUZZ_ELF_H

#include "fuzz.h"

#include <stdio.h>

/* The input as a file; its path. */
const char *elf_file(const uint8_t *data, size_t size);
uint64_t elf_entry(const uint8_t *data, size_t size);
/* In place of printf: what is printed is one line, of so many words at least, without a control character. */
int elf_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
