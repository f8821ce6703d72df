/*
 * envfile.h - reads KEY=VALUE text as systemd's EnvironmentFile= does (systemd.exec(5)), with line numbers.
 *
 * Knows nothing about which keys exist (config.h does) and opens no file. Differences from systemd, each because people
 * keep such files for other tools too: an optional `export `, a UTF-8 byte order mark and CRLF line ends are accepted;
 * what systemd skips in silence (no '=', a name that no shell takes, a quote that is never closed) is a fault; bytes
 * that are not UTF-8 are kept.
 */
#ifndef DUALWRITE_ENVFILE_H
#define DUALWRITE_ENVFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/faults.h"

struct env_entry {
    char *key;
    char *value;
    int line; /* of the key, from 1; only '\n' counts, as for editors and grep */

    /* Where it stands in the text: from `export` or the key, from behind the '=', and up to the end of the value's line. */
    size_t at, value_at, end;
};

struct env_entries {
    struct env_entry *items;
    size_t count;
};

/*
 * Appends every assignment of `text` in order, duplicates included. Lines that cannot be read become faults as
 * "FILE:LINE" and are skipped: errors, except that a missing '=' or a bad name on a line that does not begin with a
 * name of ours (`ours` says so; NULL: every name is) is a WARNING, because the file may be another program's too. No
 * fault repeats anything of a line but such a name: the rest may be a secret. Linear in `len`. Free with
 * env_entries_free().
 */
void envfile_parse(const char *file, const char *text, size_t len, bool (*ours)(const char *name),
                   struct env_entries *out, struct faults *faults);
void env_entries_free(struct env_entries *e);

#endif
