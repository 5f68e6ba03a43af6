#include "defences.h"

#include <string.h>

static bool off[DEFENCES];

static const char *const names[DEFENCES] = {
    [DEFENCE_UIDS] = "uids",       [DEFENCE_UNPRIVILEGED] = "unprivileged",
    [DEFENCE_CALLS] = "calls",     [DEFENCE_DESCRIPTORS] = "descriptors",
    [DEFENCE_RLIMITS] = "rlimits", [DEFENCE_END] = "end",
    [DEFENCE_REMOVAL] = "removal", [DEFENCE_IPC] = "ipc",
    [DEFENCE_NET] = "net",         [DEFENCE_SPACE] = "space",
    [DEFENCE_LINKS] = "links",     [DEFENCE_REPORTS] = "reports",
};

bool defended(enum defence defence)
{
    return !off[defence];
}

bool defence_switch_off(const char *name)
{
    for (int i = 0; i < DEFENCES; i++) {
        if (strcmp(names[i], name) == 0) {
            off[i] = true;
            return true;
        }
    }
    return false;
}
