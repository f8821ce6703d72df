/*
 * rollback_report.h - what is to be looked at after any rollback, ticked by evidence, and the text that tells the team.
 *
 * Pure, and the same for every word of `dualwrited rollback`: switches, cleanup, backup, restore. The facts are documents of
 * lib/sql/rollback (state.sql, evidence.sql) and what rollback_judge() says of them.
 */
#ifndef DUALWRITE_ROLLBACK_REPORT_H
#define DUALWRITE_ROLLBACK_REPORT_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"

/* What is known when all is done; everything owned by the caller. */
struct rollback_facts {
    const char *command; /* "rollback disable" */
    const char *action;  /* "Disabled dual write", a sentence without its full stop */
    const char *reason;  /* the operator's words; never empty */
    const char *who;
    const char *environment; /* "staging", or host and database */
    const char *ticket;      /* NULL: none */
    const char *at;          /* "2026-01-25 18:00 UTC" */
    const cJSON *state;      /* state.sql, afterwards */
    const cJSON *evidence;   /* evidence.sql, afterwards; NULL: not to be had */
    const cJSON *judgement;  /* rollback_judge(); NULL: no flag was to be confirmed */
    double seconds;          /* that it took */
    bool stopped;            /* dual write must be off now */
    const char *notice_file; /* where the text goes; NULL: nowhere but on the terminal */
};

/*
 * The checklist of runbook 002 as an array to cJSON_Delete(): [{"item", "mark": "ok", "failed" or "open", "evidence"}]. What
 * no program can know is open, with what to do.
 */
cJSON *rollback_checklist(const struct rollback_facts *facts);

/* As text, one line each, "✓", "✗" or "☐" before it. */
void rollback_checklist_text(struct buf *out, const cJSON *checklist);

/* The notification, as Markdown. */
void rollback_notice(struct buf *out, const struct rollback_facts *facts);

#endif
