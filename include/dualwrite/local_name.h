/*
 * local_name.h - the name of the socket on which a daemon answers `dualwrited healthcheck`, so that the command finds its own.
 *
 * Pure. The name is an abstract one (unix(7)), so it needs no folder that can be written, and it is gone with the process.
 * Containers of a pod share those names, as they share ports, so the name says whose it is: the root folder and the PID
 * namespace, of which each container has its own and a host's services share one, the env file, and the process.
 */
#ifndef DUALWRITE_LOCAL_NAME_H
#define DUALWRITE_LOCAL_NAME_H

#include <stdbool.h>
#include <stdint.h>

#define LOCAL_NAME_MAX 80 /* with its NUL; an address has room for 107 */

struct local_name {
    uint64_t place; /* local_name_place() */
    uint64_t file;  /* local_name_file() */
    int64_t pid;    /* in the daemon's own PID namespace */
};

/* A hash of device and inode of "/" and of the PID namespace. Not the root alone: containers may be given one that is shared. */
uint64_t local_name_place(const uint64_t root[2], const uint64_t pids[2]);

/* A hash of the absolute path of the env file, NULL: none. The path, not the file: an editor or kubelet puts another there. */
uint64_t local_name_file(const char *path);

void local_name_print(const struct local_name *n, char name[LOCAL_NAME_MAX]);

/* True when the line of /proc/net/unix is that of a socket which listens under such a name. */
bool local_name_read(const char *line, struct local_name *n);

#endif
