/*
 * gate_look.h - `gate` at its databases: everything that its criteria are judged by, asked once. The judgement is
 * lib/core/gate.c.
 */
#ifndef GATE_LOOK_H
#define GATE_LOOK_H

#include "desk.h"
#include "dualwrite/gate.h"
#include "dualwrite/gate_sql.h"

struct gate_asked {
    struct desk *desk;
    double max_lag_s, max_age_s;
    struct gate_plan *plans; /* NULL: coverage cannot be counted, because `why` */
    char *why;
};

/*
 * Makes the statements from the mapping and the live tables. EXIT_GOOD, also where the legacy database does not answer; else
 * the status to exit with, after saying what is wrong. gate_forget() is called in any case.
 */
int gate_prepare(struct gate_asked *a);
void gate_forget(struct gate_asked *a);

/* One look; gate_report_free() it. What could not be asked is not known in it. */
struct gate_report gate_look(struct gate_asked *a);

#endif
