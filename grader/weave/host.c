/*
 * weave: runs programs that were built with the run-time library, one schedule after another.
 *
 *     weave [OPTION...] -- COUNT ARGV... [COUNT ARGV...]
 *
 * Theory of operation. For each seed the host makes a region (region.h), starts the programs in it without
 * address space randomisation and on one CPU, and gives the baton to the first. From then on the programs
 * schedule themselves. The host only looks on: it holds a pidfd of every process, and where one ends it
 * passes the baton on, because whoever had it cannot. When all have ended, or the run has a verdict, it kills
 * what is left, removes what lies about, and prints one line of JSON.
 */
#include "host.h"
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

void host_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("weave: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(3);
}

static uint64_t number(const char *option, const char *text, uint64_t least, uint64_t most)
{
    char *rest;
    errno = 0;
    uint64_t n = strtoull(text, &rest, 0);
    if (errno || *rest || rest == text || n < least || n > most)
        host_die("--%s %s: it has to be a number from %lu to %lu", option, text, least, most);
    return n;
}

static const struct option longs[] = {
    {"seeds", required_argument, NULL, 'n'},
    {"steps", required_argument, NULL, 'k'},
    {"step-limit", required_argument, NULL, 'l'},
    {"depth", required_argument, NULL, 'd'},
    {"walk", no_argument, NULL, 'w'},
    {"spin-limit", required_argument, NULL, 's'},
    {"fine", no_argument, NULL, 'f'},
    {"no-detector", no_argument, NULL, 'N'},
    {"signals", no_argument, NULL, 'S'},
    {"log", no_argument, NULL, 'L'},
    {"watch", required_argument, NULL, 'W'},
    {"cpu-ms", required_argument, NULL, 'c'},
    {"input", required_argument, NULL, 'i'},
    {"folder", required_argument, NULL, 'F'},
    {"new-pids", no_argument, NULL, 'P'},
    {"aslr", no_argument, NULL, 'R'},
    {"out", required_argument, NULL, 'o'},
    {"until-endless", no_argument, NULL, 'E'},
    {"full", no_argument, NULL, 'A'},
    {"explore", no_argument, NULL, 'x'},
    {"budget-ms", required_argument, NULL, 'b'},
    {NULL, 0, NULL, 0},
};

static void read_watch(struct host_options *o, const char *text)
{
    unsigned a, b;
    if (o->n_watched == 4 || sscanf(text, "%x,%x", &a, &b) != 2)
        host_die("--watch %s: it has to be PLACE,PLACE, at most four times", text);
    o->watched[o->n_watched][0] = a;
    o->watched[o->n_watched++][1] = b;
}

static void read_option(struct host_options *o, int c)
{
    char *colon;
    switch (c) {
    case 'n':
        colon = strchr(optarg, ':');
        if (colon)
            *colon = '\0';
        o->first_seed = number("seeds", optarg, 0, UINT64_MAX);
        o->last_seed = colon ? number("seeds", colon + 1, o->first_seed, UINT64_MAX) : o->first_seed;
        break;
    case 'k':
        o->steps = number("steps", optarg, 1, UINT32_MAX);
        break;
    case 'l':
        o->step_limit = number("step-limit", optarg, 1, UINT64_MAX);
        break;
    case 'd':
        o->depth = (uint32_t)number("depth", optarg, 0, WEAVE_DEPTH_MAX);
        break;
    case 'w':
        o->strategy = STRATEGY_WALK;
        break;
    case 's':
        o->spin_limit = (uint32_t)number("spin-limit", optarg, 1, INT32_MAX);
        break;
    case 'f':
        o->fine = true;
        break;
    case 'N':
        o->detect = false;
        break;
    case 'S':
        o->signals_anywhere = true;
        break;
    case 'R':
        o->aslr = true;
        break;
    case 'L':
        o->log = true;
        break;
    case 'W':
        read_watch(o, optarg);
        break;
    case 'c':
        o->cpu_ms = (int)number("cpu-ms", optarg, 1, INT32_MAX);
        break;
    case 'i':
        o->input = realpath(optarg, NULL);
        if (!o->input)
            host_die("--input %s: %s", optarg, strerror(errno));
        break;
    case 'o':
        o->told = optarg;
        break;
    case 'E':
        o->until_endless = true;
        break;
    case 'A':
        o->full = true;
        break;
    case 'x':
        o->explore = true;
        break;
    case 'b':
        o->budget_ms = (int)number("budget-ms", optarg, 1, INT32_MAX);
        break;
    case 'F':
        o->folder = optarg;
        break;
    case 'P':
        o->new_pids = true;
        break;
    default:
        host_die("wrong option; see the head of host.c");
    }
}

static void read_starts(struct host_options *o, char **words)
{
    while (*words) {
        uint64_t n = number("start", *words, 1, 4096);
        char **argv = calloc(n + 1, sizeof *argv);
        if (!argv || o->n_starts == STARTS_MAX)
            host_die("more than %d programs", STARTS_MAX);
        words++;
        for (uint64_t i = 0; i < n; i++) {
            if (!*words)
                host_die("a program has fewer words than its count says");
            argv[i] = *words++;
        }
        o->path[o->n_starts] = realpath(argv[0], NULL);
        if (!o->path[o->n_starts])
            host_die("%s: %s", argv[0], strerror(errno));
        o->start[o->n_starts++] = argv;
    }
    if (!o->n_starts)
        host_die("there is no program to start");
}

static void on_one_cpu(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)sched_getcpu(), &set);
    sched_setaffinity(0, sizeof set, &set); /* where it is refused, a step is slower and nothing else */
}

int main(int argc, char **argv)
{
    struct host_options o = {.steps = 100,
                             .step_limit = 20000000,
                             .depth = 1,
                             .spin_limit = 5000,
                             .detect = true,
                             .cpu_ms = 20000};
    for (int c; (c = getopt_long(argc, argv, "+", longs, NULL)) != -1;)
        read_option(&o, c);
    read_starts(&o, argv + optind);
    signal(SIGPIPE, SIG_DFL);
    host_out_begin(&o);
    host_space_enter(&o);
    on_one_cpu();
    host_explore(&o);
    return 0;
}
