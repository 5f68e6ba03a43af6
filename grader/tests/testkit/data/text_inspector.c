/* Reads cases from stdin: a letter, uint32 size, uint32 argument, bytes; prints a line for each.
 *   b  tk_json_bytes       s  tk_json_string, cut after `argument` bytes
 *   w  tk_text_word of the bytes (which hold no NUL), then decoded again
 *   d  tk_decode_word      x  tk_excerpt around `argument`: start and size */
#include "judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void tk_error(const char *format, ...)
{
    puts(format);
    exit(1);
}

static void inspect(char letter, unsigned char *data, size_t size, size_t argument)
{
    struct tk_text t = {0};
    struct tk_excerpt e;
    switch (letter) {
    case 'b':
        tk_json_bytes(&t, data, size);
        break;
    case 's':
        tk_json_string(&t, (char *)data, size, argument);
        break;
    case 'w':
        tk_text_word(&t, (char *)data);
        tk_text_print(&t, " %d", tk_decode_word((char *)data));
        break;
    case 'd':
        if (tk_decode_word((char *)data))
            tk_json_bytes(&t, data, strlen((char *)data));
        else
            tk_text_print(&t, "broken");
        break;
    case 'x':
        e = tk_excerpt(data, size, argument, size);
        tk_text_print(&t, "%zu %zu", e.start, e.size);
        break;
    }
    puts(t.size ? t.data : "");
    fflush(stdout);
    tk_free_all();
}

int main(void)
{
    char letter;
    uint32_t head[2];
    while (fread(&letter, 1, 1, stdin) == 1 && fread(head, sizeof head, 1, stdin) == 1) {
        unsigned char *data = calloc(1, head[0] + 1u);
        if (fread(data, 1, head[0], stdin) != head[0])
            return 1;
        inspect(letter, data, head[0], head[1]);
        free(data);
    }
    return 0;
}
