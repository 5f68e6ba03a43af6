#define _GNU_SOURCE
#include "cmdline.h"
#include "fds.h"
#include "launch.h"

static int run(const struct cmdline *c)
{
        pid_t pid[STAGES_MAX];
        size_t started;
        int in = -1, status = 1;
        const char *trouble = NULL;
        int why = 0;

        for (started = 0; started < c->n; started++) {
                struct pipe_ends p = { -1, -1 };

                if (started + 1 < c->n && fds_pipe(&p) < 0) {
                        why = errno;
                        trouble = "pipe";
                        break;
                }
                pid[started] = launch(c->stage[started], in, p.w);
                if (pid[started] < 0) {
                        why = errno;
                        trouble = "vfork";
                }
                fds_drop(&in);
                fds_drop(&p.w);
                in = p.r;
                if (trouble)
                        break;
        }
        fds_drop(&in);

        for (size_t i = 0; i < started; i++)
                status = exit_status_of(pid[i]);
        if (trouble) {
                dprintf(2, "pipeline: %s: %s\n", trouble, strerror(why));
                return 1;
        }
        return status;
}

int main(int argc, char **argv)
{
        struct cmdline c;
        const char *wrong = argc > 0 ? cmdline_parse(&c, argv + 1) : "no command";

        if (wrong) {
                dprintf(2, "pipeline: %s\nusage: pipeline CMD [ARG...] [-- CMD [ARG...]]...\n", wrong);
                return 2;
        }
        if (fds_fill_standard() < 0) {
                dprintf(2, "pipeline: /dev/null: %s\n", strerror(errno));
                return 1;
        }
        return run(&c);
}
