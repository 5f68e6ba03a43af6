/*
 * What `lines` answers, which reads a student's binary with a student's rights (warden/sites.c): any bytes
 * become an event that is one JSON object. And memory maps, whose file names a student chooses: cut into
 * lines and ranges of code.
 */
#include "fuzz.h"

#include "../warden/sites.c"

#include <stdio.h>

/* ---- the rest of warden that sites.c calls; none of it is reached from here */

static struct warden warden;
static struct run run;

void run_event_begin(struct run *r, struct buffer *b, const char *name)
{
    (void)r;
    json_begin(b, name, 1);
}

void warden_event(struct warden *w, struct buffer *b)
{
    (void)w;
    (void)b;
    abort();
}

pid_t spawn_process(const struct spawn *s)
{
    (void)s;
    abort();
}

ssize_t proc_maps(const struct proc_access *a, pid_t pid, char *text, size_t room)
{
    (void)a;
    (void)pid;
    (void)text;
    (void)room;
    abort();
}

int proc_memory_open(const struct proc_access *a, pid_t pid)
{
    (void)a;
    (void)pid;
    abort();
}

ssize_t proc_memory_some(const struct proc_access *a, pid_t pid, uint64_t address, void *data, size_t size)
{
    (void)a;
    (void)pid;
    (void)address;
    (void)data;
    (void)size;
    abort();
}

/* ---- */

static void tell(char *answer)
{
    static struct site asked[9] = {{.named = true}, {.named = false}, {.named = true}, {.named = true}};
    const struct sites s = {.list = asked, .count = sizeof asked / sizeof *asked};
    struct buffer b = {0};
    json_begin(&b, "sites", 1);
    tell_frames(&s, &b, answer);
    json_end(&b);
    FUZZ_CHECK(!memchr(b.data, '\n', b.size - 1) && fuzz_is_json(b.data, b.size - 1));
    buffer_free(&b);
}

static void map(char *text)
{
    struct site_maps m;
    bool own;
    read_map(&run, text, &m);
    FUZZ_CHECK(m.count <= RANGES_MAX && strlen(m.text) == m.size);
    for (size_t i = 0; i < m.count; i++)
        if (m.ranges[i].start < m.ranges[i].end)
            FUZZ_CHECK(is_code(&m, m.ranges[i].start, &own));
    for (const char *line = m.text; *line; line = strchr(line, '\n') + 1)
        FUZZ_CHECK(memchr(line, '/', strcspn(line, "\n")));
    free(m.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    warden.level.work = (char *)"/work";
    run.w = &warden;
    tell(fuzz_text(data, size));
    map(fuzz_text(data, size));
    fuzz_forget();
    return 0;
}
