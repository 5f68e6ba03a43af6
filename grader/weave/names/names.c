/*
 * names: from places to source lines. A place is an address inside a call in a program that weave ran.
 *
 *     names PROGRAM <places        each a hexadecimal number on a line
 *
 * prints PLACE LINE COLUMN FUNCTION FILE for each that has a line, and nothing for others. It reads a binary
 * made from a student's source, so it runs with the student's rights and nothing else.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The function that an address belongs to, the innermost inlined one included. */
static const char *function_at(Dwarf_Die *unit, Dwarf_Addr address)
{
    Dwarf_Die *scopes = NULL;
    const char *name = NULL;
    int n = dwarf_getscopes(unit, address, &scopes);
    for (int i = 0; i < n && !name; i++) {
        int tag = dwarf_tag(&scopes[i]);
        if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine)
            name = dwarf_diename(&scopes[i]);
    }
    free(scopes);
    return name && *name ? name : "-";
}

/* Any bytes can be a name, of a function or (by #line) of a file: none may end the line, or the word. */
static const char *printable(char *to, size_t room, const char *name, unsigned char least)
{
    size_t n = 0;
    for (; name[n] && n < room - 1; n++)
        to[n] = (unsigned char)name[n] < least || name[n] == 0x7f ? '?' : name[n];
    to[n] = '\0';
    return to;
}

static void tell(Dwfl *dwfl, Dwarf_Addr place)
{
    Dwarf_Addr bias, address;
    int line = 0, column = 0;
    Dwfl_Module *module = dwfl_addrmodule(dwfl, place);
    Dwfl_Line *at = module ? dwfl_module_getsrc(module, place) : NULL;
    const char *file = at ? dwfl_lineinfo(at, &address, &line, &column, NULL, NULL) : NULL;
    Dwarf_Die *unit = module ? dwfl_module_addrdie(module, place, &bias) : NULL;
    char shown[256], path[4096];
    if (file && line > 0)
        printf("%" PRIx64 " %d %d %s %s\n", place, line, column,
               printable(shown, sizeof shown, unit ? function_at(unit, place - bias) : "-", ' ' + 1),
               printable(path, sizeof path, file, ' '));
}

int main(int argc, char **argv)
{
    static char *no_debuginfo = "";
    static const Dwfl_Callbacks callbacks = {
        .find_elf = dwfl_build_id_find_elf,
        .find_debuginfo = dwfl_standard_find_debuginfo,
        .section_address = dwfl_offline_section_address,
        .debuginfo_path = &no_debuginfo,
    };
    if (argc != 2) {
        fputs("usage: names PROGRAM <places\n", stderr);
        return 2;
    }
    Dwfl *dwfl = dwfl_begin(&callbacks);
    if (!dwfl || !dwfl_report_offline(dwfl, "", argv[1], -1) || dwfl_report_end(dwfl, NULL, NULL) != 0) {
        fprintf(stderr, "names: %s\n", dwfl_errmsg(-1));
        return 1;
    }
    char text[64];
    while (fgets(text, sizeof text, stdin))
        tell(dwfl, strtoull(text, NULL, 16));
    dwfl_end(dwfl);
    return 0;
}
