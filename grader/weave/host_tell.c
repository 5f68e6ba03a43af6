/* A run as one line of JSON. Bytes of programs are written as the characters U+0000 to U+00FF. */
#include "host.h"
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { PRINTED_MAX = 65536 };

static const char *const op_words[] = {
#define OP(id, word) word,
#include "ops.def"
#undef OP
};
static const char *const kind_words[] = {"none",    "memory", "private", "inode", "stream",
                                         "sem_set", "msg",    "mq",      "child", "signal",
                                         "any",     "time",   "thread",  "lock",  "name"};
static const char *const verdict_words[] = {"running",      "done",  "deadlock", "steps", "time",
                                            "uncontrolled", "tasks", "memory",   "tamper"};
static const char *const what_words[] = {"op", "block", "read", "write", "switch", "start", "end", "signal"};
static const char *const memory_words[] = {"anonymous", "file", "sysv"};

static void text(FILE *out, const char *s, size_t n)
{
    fputc('"', out);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c >= 0x20 && c < 0x7f)
            fputc(c, out);
        else
            fprintf(out, "\\u%04x", c);
    }
    fputc('"', out);
}

static void string(FILE *out, const char *name, const char *s, size_t room)
{
    fprintf(out, "\"%s\":", name);
    text(out, s, strnlen(s, room));
}

static void printed(FILE *out, const char *name, int fd)
{
    static char bytes[PRINTED_MAX];
    ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    off_t size = lseek(fd, 0, SEEK_END);
    fprintf(out, ",\"%s\":", name);
    text(out, bytes, n > 0 ? (size_t)n : 0);
    fprintf(out, ",\"%s_size\":%jd", name, (intmax_t)size);
}

static const char *word(const char *const *words, size_t n, uint32_t i)
{
    return i < n ? words[i] : "?";
}
#define WORD(words, i) word(words, sizeof(words) / sizeof(words)[0], i)

static const struct weave_object *object_of(const struct weave_key *key)
{
    const struct weave_region *r = REGION;
    for (uint32_t i = 1; i <= r->n_objects && i < WEAVE_OBJECTS; i++)
        if (memcmp(&r->object[i].key, key, sizeof *key) == 0)
            return &r->object[i];
    return NULL;
}

static void key(FILE *out, const struct weave_key *k)
{
    const struct weave_object *o = object_of(k);
    fprintf(out, "{\"kind\":\"%s\",\"a\":%" PRIu64 ",\"b\":%" PRIu64, WORD(kind_words, (uint32_t)k->kind),
            k->a, k->b);
    if (o) {
        fputc(',', out);
        string(out, "name", o->name, sizeof o->name);
        fprintf(out, ",\"made\":%u,\"made_program\":%u,\"last\":%u", o->made_place, o->made_program,
                o->last_place);
    }
    fputc('}', out);
}

static void held(FILE *out, const struct weave_held *h, uint32_t n)
{
    fputs("\"held\":[", out);
    for (uint32_t i = 0; i < n && i < WEAVE_HELD; i++) {
        fprintf(out, "%s{\"place\":%u,\"object\":", i ? "," : "", h[i].place);
        key(out, &h[i].key);
        fputc('}', out);
    }
    fputc(']', out);
}

static void access_of(FILE *out, const char *name, const struct weave_access *a)
{
    fprintf(out, "\"%s\":{\"place\":%u,\"born\":%u,\"write\":%s,\"atomic\":%s,", name, a->place, a->born,
            a->write ? "true" : "false", a->atomic ? "true" : "false");
    held(out, a->held, a->n_held);
    fputc('}', out);
}

static void races(FILE *out)
{
    const struct weave_region *r = REGION;
    fputs(",\"races\":[", out);
    for (uint32_t i = 0; i < r->n_races && i < WEAVE_RACES; i++) {
        const struct weave_race *race = &r->race[i];
        fprintf(out, "%s{\"memory\":%u,\"offset\":%" PRIu64 ",\"size\":%u,\"step\":%" PRIu64 ",",
                i ? "," : "", race->memory, race->offset, race->size, race->step);
        access_of(out, "first", &race->first);
        fputc(',', out);
        access_of(out, "second", &race->second);
        fputc('}', out);
    }
    fputc(']', out);
}

static void processes(FILE *out)
{
    const struct weave_region *r = REGION;
    fputs(",\"programs\":[", out);
    for (uint32_t i = 0; i < r->n_programs && i < WEAVE_PROGRAMS; i++) {
        fputs(i ? "," : "", out);
        text(out, r->program[i], strnlen(r->program[i], WEAVE_TEXT));
    }
    fputs("],\"processes\":[", out);
    for (uint32_t i = 0; i < r->n_spawned && i < WEAVE_SPAWNED; i++) {
        const struct weave_spawned *s = &r->spawned[i];
        fprintf(out,
                "%s{\"task\":%d,\"pid\":%d,\"program\":%u,\"parent\":%d,\"place\":%u,\"thread\":%s,\"end\":",
                i ? "," : "", (int)s->task, s->pid, s->program, (int)s->parent_born, s->place,
                s->thread ? "true" : "false");
        fprintf(out, s->end_known ? "%u}" : "null}", s->end_code);
    }
    fputs("],\"memories\":[{}", out);
    for (uint32_t i = 1; i <= r->n_memories && i < WEAVE_MEMORIES; i++) {
        const struct weave_memory *m = &r->memory[i];
        fprintf(out, ",{\"kind\":\"%s\",\"size\":%" PRIu64 ",\"made\":%u,\"program\":%u}",
                WORD(memory_words, m->kind), m->size, m->made_place, m->made_program);
    }
    fputc(']', out);
}

/* Where every task stands: what it waits for, or where it was last. */
static void tasks(FILE *out)
{
    static const char *const states[] = {"free", "starting", "ready", "blocked", "ending", "dead"};
    const struct weave_region *r = REGION;
    bool first = true;
    fputs(",\"tasks\":[", out);
    for (uint32_t i = 0; i < r->n_tasks_high && i < WEAVE_TASKS; i++) {
        const struct weave_task *t = &r->task[i];
        if (t->state == TASK_FREE)
            continue;
        fprintf(out,
                "%s{\"born\":%u,\"pid\":%d,\"state\":\"%s\",\"op\":\"%s\",\"place\":%u,\"timed\":%s,\"crash_"
                "signal\":%d,\"crash_pc\":%" PRIu64 ",\"key\":",
                first ? "" : ",", t->born, t->pid, WORD(states, t->state), WORD(op_words, t->wait.op),
                t->wait.place, t->wait.deadline != WEAVE_NO_TIME ? "true" : "false", t->crash_signal,
                t->crash_pc);
        key(out, &t->wait.key);
        fputc(',', out);
        held(out, t->held, t->n_held);
        fputc('}', out);
        first = false;
    }
    fputc(']', out);
}

static void troubles(FILE *out)
{
    const struct weave_region *r = REGION;
    fputs(",\"troubles\":[", out);
    for (uint32_t i = 0; i < r->n_troubles && i < WEAVE_TROUBLES; i++) {
        const struct weave_trouble *t = &r->trouble[i];
        fprintf(out, "%s{", i ? "," : "");
        string(out, "code", t->code, sizeof t->code);
        fputc(',', out);
        string(out, "text", t->text, sizeof t->text);
        fprintf(out, ",\"place\":%u,\"place2\":%u,\"born\":%u,\"value\":%" PRId64 ",\"step\":%" PRIu64 "}",
                t->place, t->place2, t->born, t->value, t->step);
    }
    fputc(']', out);
}

static void schedule(FILE *out)
{
    const struct weave_region *r = REGION;
    uint64_t n = r->n_log, from = n > WEAVE_LOG ? n - WEAVE_LOG : 0;
    fprintf(out, ",\"log_from\":%" PRIu64 ",\"log\":[", from);
    for (uint64_t i = from; i < n; i++) {
        const struct weave_log *l = &r->log[i % WEAVE_LOG];
        fprintf(out,
                "%s{\"step\":%" PRIu64
                ",\"born\":%u,\"what\":\"%s\",\"op\":\"%s\",\"place\":%u,\"value\":%" PRId64 ",\"key\":",
                i > from ? "," : "", l->step, l->born, WORD(what_words, l->what), WORD(op_words, l->op),
                l->place, l->value);
        key(out, &l->key);
        fputc('}', out);
    }
    fputc(']', out);
}

void host_tell(const struct host_options *o, const struct host_run *run, bool brief, FILE *out)
{
    const struct weave_region *r = REGION;
    fprintf(out, "{\"seed\":%" PRIu64 ",\"verdict\":\"%s\",\"code\":", run->seed,
            WORD(verdict_words, atomic_load(&r->verdict)));
    fprintf(out, run->first_known ? "%u" : "null", run->first_code);
    fprintf(out,
            ",\"points\":%" PRIu64 ",\"accesses\":%" PRIu64 ",\"steps\":%" PRIu64 ",\"switches\":%" PRIu64
            ",\"alive\":%u,\"wall_us\":%" PRIu64,
            r->points, r->accesses, r->step, r->switches, r->n_alive_high, run->wall_ns / 1000);
    if (brief) {
        fputs("}\n", out);
        return;
    }
    fprintf(out, ",\"depth\":%u,\"fine\":%s,\"walk\":%s", r->config.depth, r->config.fine ? "true" : "false",
            r->config.strategy == STRATEGY_WALK ? "true" : "false");
    processes(out);
    tasks(out);
    races(out);
    troubles(out);
    if (o->log)
        schedule(out);
    printed(out, "stdout", run->out);
    printed(out, "stderr", run->err);
    fputs("}\n", out);
}
