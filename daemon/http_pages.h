/*
 * http_pages.h - the paths that the daemon answers over HTTP: /livez, /healthz, /readyz, /metrics, /status and / .
 *
 * Every answer comes from memory. What the database alone knows comes from a survey: one bounded statement on the listener's
 * connection, every 5 s while somebody asks for it and for two minutes after, and once at the start.
 */
#ifndef HTTP_PAGES_H
#define HTTP_PAGES_H

#include <stdbool.h>

#include "dualwrite/nag.h"
#include "dualwrite/survey.h"
#include "dualwrite/tally.h"
#include "http.h"
#include "listener.h"
#include "mirror.h"
#include "readiness.h"
#include "view.h"
#include "worker.h"

/* What is looked at for an answer; all of it the engine's. */
struct pages_sources {
    const char *instance;
    struct readiness *readiness;
    struct tally *tally;
    const struct view *view;
    const struct worker *worker;
    struct listener *listener;
    struct mirror *mirror; /* NULL: one database */
};

struct pages {
    struct pages_sources from;
    struct survey survey;
    int64_t last_beat_ms; /* wall clock */
    bool asked, tried;    /* for what a survey is needed for; a survey */
    monotime asked_at, tried_at;
    monotime slow_until; /* looking at the whole queue took too long */
    struct nag said;     /* complaints about surveys */
};

/* The table of http_new(), whose argument is a struct pages. */
extern const struct http_route pages_routes[];
void pages_answered(void *pages, const char *path, unsigned status);

void pages_init(struct pages *p, const struct pages_sources *from);
void pages_free(struct pages *p);

/* A beat was answered: time for a survey, perhaps. */
void pages_note_beat(struct pages *p);

/* What came of a survey. */
void pages_note_survey(struct pages *p, const struct survey_answer *a);

#endif
