/*
 * `lines` (warden/lines/lines.c) with a hostile binary: the input is an ELF file, mapped as a static program
 * is, and asked about places near its entry. elfutils itself is Debian's, without instruments: what it reads
 * beyond its memory is found where that ends, and what it leads our code to is checked.
 */
#include "elf.h"

#include <elfutils/libdwfl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *pictures;

#undef stdin
#define stdin  pictures
#define printf elf_printf
#define main   lines_main
#include "../warden/lines/lines.c"
#undef main
#undef printf

static void ask(struct picture *p, uint64_t pc, uint64_t back)
{
    uint64_t stack[32];
    for (size_t i = 0; i < sizeof stack / sizeof *stack; i++)
        stack[i] = i % 3 ? back + i : 0x7ffc00000000 + 8 * i;
    p->number = 1;
    p->pc = pc;
    p->sp = 0x7ffc00000000;
    p->stack_size = sizeof stack;
    pictures = fmemopen(stack, sizeof stack, "r");
    take_site(p);
    fclose(pictures);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char maps[256];
    struct picture p = {.folder = "/proc/"};
    const char *path = elf_file(data, size);
    const uint64_t entry = elf_entry(data, size), page = entry & ~0xfffull;
    const int n = snprintf(maps, sizeof maps,
                           "%08" PRIx64 "-%08" PRIx64 " r-xp 00000000 00:01 7 %s\n"
                           "7ffc00000000-7ffc00002000 rw-p 00000000 00:00 0 [stack]\n",
                           page, page + 0x1000, path);
    pictures = fmemopen(maps, (size_t)n, "r");
    const bool good = take_map(&p, (size_t)n);
    fclose(pictures);
    for (uint64_t step = 0; good && step < 40; step += 5)
        ask(&p, entry + step, entry + step / 2);
    if (p.dwfl)
        dwfl_end(p.dwfl);
    return 0;
}
