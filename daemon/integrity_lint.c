/* integrity_lint.c - the packs' SQL against the live database; see integrity_lint.h. Nothing is changed: all is READ ONLY. */
#include "integrity_lint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

struct lint {
    struct integrity *i;
    const struct pack *pack;
    struct faults faults;
    int good;
    bool lost;
};

/* One transaction of its own, so that a refusal spoils nothing else. */
static void
try(struct lint *t, const struct pack_look *look, const char *file, const char *sql, int nparams)
{
    const char *const empty[] = {"{}"};
    PGresult *r = integrity_begin(t->i, t->pack, look, false)
                      ? desk_ask(t->i->desk, integrity_side(look), sql, nparams, empty)
                      : NULL;

    if (r == NULL && integrity_lost(t->i)) {
        t->lost = true;
    } else if (r == NULL) {
        char *why = integrity_why(t->i, look);

        faults_add(&t->faults, FAULT_ERROR, file, "%s%s%s: %s", look->check->name, look->about == NULL ? "" : ", ",
                   look->about == NULL ? "" : look->about, why);
        free(why);
    } else {
        t->good++;
    }
    PQclear(r);
    desk_end(t->i->desk, integrity_side(look), false);
}

/* It is planned, and run: a function that writes shows only then. */
static void
lint_look(struct lint *t, const struct pack_look *look)
{
    struct buf mend = {0};
    char *count;

    if ((look->check->on == PACK_BOTH && t->i->desk->two) || t->i->desk->pq[integrity_side(look)] == NULL)
        return;
    desk_doing(t->i->desk, look->check->name);
    count = pack_count_sql(look, 0, NULL, 0);
    try(t, look, look->check->find.name, count, 0);
    free(count);
    if (look->mend != NULL && !t->lost) {
        buf_printf(&mend, "EXPLAIN %s", look->mend);
        try(t, look, look->check->mend.name, buf_text(&mend), 1);
    }
    buf_free(&mend);
}

int
integrity_lint(struct integrity *i)
{
    struct lint t = {.i = i};
    size_t errors;

    for (size_t p = 0; p < i->asked->npacks; p++) {
        t.pack = i->packs[p];
        for (size_t n = 0; !t.lost && n < i->looks[p].count; n++)
            lint_look(&t, &i->looks[p].items[n]);
        if (i->no_sync != NULL && pack_is_about_sync(t.pack))
            faults_add(&t.faults, FAULT_ERROR, t.pack->name, "checks about the mapping cannot be tried: %s",
                       i->no_sync);
    }
    i->desk->doing = NULL;
    desk_quiet(i->desk);
    command_print_faults(&t.faults);
    errors = t.faults.errors;
    faults_free(&t.faults);
    if (t.lost)
        return desk_refused(i->desk, "trying the SQL");
    printf("%d statement%s good, %zu fault%s\n", t.good, t.good == 1 ? " is" : "s are", errors, errors == 1 ? "" : "s");
    return errors == 0 ? EXIT_GOOD : EXIT_INPUT;
}
