/* local_name.c - the name of the socket for health checks; see dualwrite/local_name.h. */
#include "dualwrite/local_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dualwrite/fnv.h"

#define PREFIX "dualwrited/"
#define LISTENS 0x10000 /* __SO_ACCEPTCON, proc(5); what was accepted has the same name */

uint64_t
local_name_place(const uint64_t root[2], const uint64_t pids[2])
{
    return fnv_add(fnv_add(FNV_START, root, 2 * sizeof *root), pids, 2 * sizeof *pids);
}

uint64_t
local_name_file(const char *path)
{
    return path == NULL ? 0 : fnv_add(FNV_START, path, strlen(path));
}

void
local_name_print(const struct local_name *n, char name[LOCAL_NAME_MAX])
{
    snprintf(name, LOCAL_NAME_MAX, PREFIX "%" PRIx64 "/%" PRIx64 "/%" PRId64, n->place, n->file, n->pid);
}

/* "0000000000000000: 00000002 00000000 00010000 0001 01 40 @NAME": address, references, protocol, flags ... */
bool
local_name_read(const char *line, struct local_name *n)
{
    const char *at = strstr(line, " @" PREFIX);
    char again[LOCAL_NAME_MAX];
    unsigned flags;

    if (at == NULL || sscanf(line, "%*x: %*x %*x %x", &flags) != 1 || (flags & LISTENS) == 0 ||
        sscanf(at, " @" PREFIX "%" SCNx64 "/%" SCNx64 "/%" SCNd64, &n->place, &n->file, &n->pid) != 3)
        return false;
    /* nothing else that happens to begin so */
    local_name_print(n, again);
    at += 2;
    return strncmp(at, again, strlen(again)) == 0 && at[strlen(again) + strspn(at + strlen(again), "\n")] == '\0';
}
