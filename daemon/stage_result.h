/*
 * stage_result.h - what a staged test that is through comes to: its criteria, judged by the files in its folder.
 */
#ifndef STAGE_RESULT_H
#define STAGE_RESULT_H

#include <stdbool.h>

#include "stage_folder.h"

/*
 * Judges what there is, and writes the criteria into stage.json, and SUMMARY.md; `now` is the end, NULL: the test has stopped and
 * will go on. False after saying why not.
 */
bool result_write(const struct folder *f, cJSON *state, const char *now);

/* The verdict, or stage.json, on stdout; the status to exit with. */
int result_show(const struct folder *f, const cJSON *state, bool json);

#endif
