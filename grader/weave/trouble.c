/* What is told to the host: the end of a run, and what went wrong in it. */
#include "runtime.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void add(const char *code, uint32_t place, uint32_t place2, int64_t value, const char *format,
                va_list args)
{
    struct weave_region *r = REGION;
    for (uint32_t i = 0; i < r->n_troubles; i++)
        if (r->trouble[i].place == place && r->trouble[i].place2 == place2 &&
            strcmp(r->trouble[i].code, code) == 0)
            return;
    if (r->n_troubles == WEAVE_TROUBLES)
        return;
    struct weave_trouble *t = &r->trouble[r->n_troubles];
    snprintf(t->code, sizeof t->code, "%s", code);
    vsnprintf(t->text, sizeof t->text, format, args);
    t->place = place;
    t->place2 = place2;
    t->value = value;
    t->born = weave_self ? weave_self->born : 0;
    t->step = r->step;
    r->n_troubles++;
}

void weave_trouble(const char *code, uint32_t place, uint32_t place2, int64_t value, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(code, place, place2, value, format, args);
    va_end(args);
}

void weave_stop(enum weave_verdict verdict, const char *code, uint32_t place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(code, place, 0, 0, format, args);
    va_end(args);
    baton_verdict(verdict);
    weave_tell_host();
    for (;;) /* the host kills */
        pause();
}

void weave_log(enum weave_what what, enum weave_op op, weave_key key, int64_t value, uint32_t place)
{
    baton_log(weave_number(), what, op, key, value, place);
}

void weave_created(enum weave_created_kind kind, uint32_t id, const char *name)
{
    struct weave_region *r = REGION;
    if (r->n_created == WEAVE_CREATED || (name && strlen(name) >= sizeof r->created[0].name - 64))
        return; /* the sandbox removes it at the end of all runs */
    struct weave_created *c = &r->created[r->n_created];
    *c = (struct weave_created){.kind = kind, .id = id};
    char folder[64] = "";
    if (kind == CREATED_PATH && name && name[0] != '/' && (!getcwd(folder, sizeof folder - 1) || !folder[0]))
        return;
    if (folder[0])
        snprintf(c->name, sizeof c->name, "%s/%s", folder, name);
    else if (name)
        snprintf(c->name, sizeof c->name, "%s", name);
    r->n_created++;
}

void weave_removed(enum weave_created_kind kind, uint32_t id, const char *name)
{
    struct weave_region *r = REGION;
    for (uint32_t i = r->n_created; i-- > 0;) {
        struct weave_created *c = &r->created[i];
        if (c->kind == kind && c->id == id && (!name || strcmp(c->name, name) == 0)) {
            *c = r->created[--r->n_created];
            return;
        }
    }
}
