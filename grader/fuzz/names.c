/* `names` (weave/names/names.c) with a hostile binary: the input is an ELF file, asked about places near its
 * entry; see lines.c. */
#include "elf.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static FILE *places;
static Dwfl *open_one; /* main leaves it to the end of the process where there is nothing to tell */

static Dwfl *begin(const Dwfl_Callbacks *callbacks)
{
    return open_one = dwfl_begin(callbacks);
}

#undef stdin
#define stdin             places
#define dwfl_begin        begin
#define dwfl_end(d)       ((void)(d))
#define fprintf(out, ...) 0
#define printf            elf_printf
#define main              names_main
#include "../weave/names/names.c"
#undef main
#undef printf
#undef fprintf
#undef dwfl_end

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[512] = "";
    char *argv[] = {(char *)"names", (char *)elf_file(data, size), NULL};
    size_t n = 0;
    for (uint64_t step = 0; step < 40; step += 5)
        n += (size_t)snprintf(text + n, sizeof text - n, "%" PRIx64 "\n", elf_entry(data, size) + step);
    places = fmemopen(text, n, "r");
    names_main(2, argv);
    fclose(places);
    if (open_one)
        dwfl_end(open_one);
    open_one = NULL;
    return 0;
}
