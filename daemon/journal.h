/*
 * journal.h - log lines to systemd's journal, each with its fields.
 *
 * Speaks the journal's native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL), because sd_journal_sendv() waits for
 * ever when the journal stands still, and the daemon must not. What a line says is log.h's business.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/*
 * Lines go to the journal from now on: MESSAGE is the line as ever, each field is there as DUALWRITE_ and its key in capitals.
 * False, and nothing changed, when nobody listens at `path`. When the journal takes no more, lines are lost after a second, and
 * counted: event_type=log_lines_lost says how many, once it is back.
 */
bool journal_open(const char *path);

/* Back to stderr. */
void journal_close(void);

#endif
