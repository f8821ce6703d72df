/*
 * delta_expect.h - what a staging test is expected to do between two validation reports (seeds 000 and 001, phase 4), and
 * whether it held.
 *
 * Pure. A number that a report does not have makes an expectation unknown, never held.
 */
#ifndef DUALWRITE_DELTA_EXPECT_H
#define DUALWRITE_DELTA_EXPECT_H

#include <cjson/cJSON.h>

#include "dualwrite/delta_read.h"

/*
 * An array of {name, title, expected, found, held: true, false or null for not known, severity: "critical" or "warning",
 * required: the report after must be able to tell, reported: its own recommendations speak of it, next: the command to run when it did not hold}.
 */
cJSON *delta_expectations(const struct delta_report *before, const struct delta_report *after);

#endif
