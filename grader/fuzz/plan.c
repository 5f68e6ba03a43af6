/* The plan's reader (warden/plan.c) over any bytes: a plan that holds what it should, or a fault. */
#include "fuzz.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../warden/faults.h"
#include "../warden/plan.h"

/* A plan lives as long as warden does, and a fault ends warden: here both are forgotten after each input. */
static ssize_t fuzz_getline(char **line, size_t *room, FILE *in)
{
    static char *buffer;
    static size_t have;
    const ssize_t n = getline(&buffer, &have, in);
    *line = buffer;
    *room = have;
    return n;
}

#define xrealloc      fuzz_realloc
#define xstrdup(text) fuzz_text(text, strlen(text))
#define free(line)    ((void)(line))
#define getline       fuzz_getline
#include "../warden/plan.c"
#undef getline
#undef free
#undef xstrdup
#undef xrealloc

static jmp_buf ended;

static void died(const char *message)
{
    FUZZ_CHECK(strstr(message, "plan"));
    longjmp(ended, 1);
}

static void check_words(const struct words *w)
{
    FUZZ_CHECK(w->count ? w->list && !w->list[w->count] : !w->list);
    for (size_t i = 0; i < w->count; i++)
        FUZZ_CHECK(strlen(w->list[i]) < (1 << 20));
}

static void check_entry(struct plan *p, const struct entry *e)
{
    FUZZ_CHECK(plan_entry(p, e->id) == e && e->pass && e->slow >= 1);
    FUZZ_CHECK(e->kind != ENTRY_TEST || (e->judge && e->name));
    FUZZ_CHECK(e->kind != ENTRY_COMMAND || e->argv.count);
    FUZZ_CHECK(e->kind != ENTRY_RUN || e->starts_count);
    FUZZ_CHECK(e->limits.wall_ms >= 0 && e->limits.memory >= 0 && e->limits.processes >= 0);
    check_words(&e->argv);
    check_words(&e->after);
    for (size_t i = 0; i < e->starts_count; i++)
        FUZZ_CHECK(plan_find(p->programs, p->programs_count, e->starts[i].list[0]));
    for (size_t i = 0; i < e->uses_count; i++)
        FUZZ_CHECK(plan_find(p->programs, p->programs_count, e->uses[i].words.list[0]));
    FUZZ_CHECK(e->faults_count <= FAULTS_MAX);
    /* what it waits for, or repeats, comes to its end before it */
    for (size_t i = 0; i < e->after.count; i++)
        FUZZ_CHECK(plan_entry(p, e->after.list[i]) < e);
    FUZZ_CHECK(!e->explains || plan_entry(p, e->explains) < e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plan plan;
    FILE *in = fmemopen(fuzz_text(data, size), size ? size : 1, "r");
    FUZZ_CHECK(in);
    die_hook = died; /* it forgets it when it calls it */
    if (setjmp(ended) == 0) {
        plan_read(&plan, in);
        FUZZ_CHECK(plan.work && plan.student != plan.judge && plan.student && plan.judge);
        for (size_t i = 0; i < plan.entries_count; i++)
            check_entry(&plan, &plan.entries[i]);
    }
    fclose(in);
    fuzz_forget();
    return 0;
}
