/*
 * stage_folder.h - the folder of a staged test: made, locked against a second one, read, and written so that a kill leaves the
 * old or the new stage.json and never half of one.
 */
#ifndef STAGE_FOLDER_H
#define STAGE_FOLDER_H

#include <stdbool.h>

#include <cjson/cJSON.h>

struct folder {
    const char *path;
    int lock; /* the folder itself, open */
};

/* EXIT_GOOD, or the status to exit with after saying on stderr what is wrong. */
int folder_open(struct folder *f, const char *path);
void folder_close(struct folder *f);

/* A test to take back is in that folder; false after saying that there is none. */
bool folder_has_test(const char *folder);

/* "PATH/NAME"; free it. */
char *folder_path(const struct folder *f, const char *name);

/* The text of a file in it, NULL without one; free it. */
char *folder_text(const struct folder *f, const char *name);

/* Replaces a file in one step; false after saying why not. */
bool folder_write(const struct folder *f, const char *name, const char *text);

/* *state: the document of stage.json, NULL where there is none. Returns the exit status after saying what is wrong with it. */
int folder_state(const struct folder *f, cJSON **state);
bool folder_save(const struct folder *f, const cJSON *state);

/* Whether what stands under our names is a former test's, or nothing does; false after saying what is in the way. */
bool folder_is_ours(const struct folder *f);

/* Takes away what a former test has left under our names. */
void folder_clear(const struct folder *f);

#endif
