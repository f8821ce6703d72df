/*
 * check_rows.c - what the rows of today would become, streamed from the vNext server and tried on the legacy one: types,
 * unique indexes, foreign keys; see check_run.h. The statements are lib/core/check_stream.c.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "dualwrite/check_sql.h"
#include "dualwrite/check_stream.h"
#include "dualwrite/quote.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define MISFITS_MAX 100 /* finding one costs a dozen statements: that many, and then that there are more */

/* One constraint of the legacy table, and what was counted. */
struct constraint {
    const struct catalog_unique *unique;   /* NULL: a foreign key */
    const struct catalog_foreign *foreign; /* NULL: an index */
    enum check_hold hold;                  /* over the stream */
    char *sql;                             /* for a chunk of the stream; NULL: nothing to count */
    int64_t rows;
    char *key;     /* of the first such row */
    char *refusal; /* it could not be counted */
};

/* A column of the target with values that its type does not take. */
struct misfit {
    int64_t rows;
    char *key;
    char *error;
};

struct stream {
    struct check_run *run;
    const struct check_subject *s;
    bool *needed; /* NULL: nothing has to be streamed */
    char *tries;  /* SQL */
    struct constraint *constraints;
    size_t count;
    struct misfit *misfits; /* by column of the target */
    int64_t misfit_rows;
    int64_t rows;
    bool refused; /* the legacy server, for a reason that has nothing to do with a value */
};

static void
remember(char **first, const char *text)
{
    if (*first == NULL)
        *first = xstrdup(text);
}

/* ---- a chunk ---- */

/* One statement over rows that the legacy server may refuse, and then go on. */
static PGresult *
attempt(struct check_run *run, const char *sql, const char *rows)
{
    PGresult *r;

    PQclear(check_ask(run, DATABASE_LEGACY, sql_daemon_savepoint, -1, NULL));
    r = check_ask(run, DATABASE_LEGACY, sql, 1, &rows);
    if (r == NULL && !run->lost)
        PQclear(check_ask(run, DATABASE_LEGACY, sql_daemon_rollback_to, -1, NULL));
    return r;
}

/* Whether these values fit; a refusal for another reason than a value ends the stream. */
static bool
fits(struct stream *t, const char *sql, const char *rows)
{
    PGresult *r = attempt(t->run, sql, rows);

    /* data exceptions and integrity constraints, those of domains */
    if (r == NULL && strncmp(t->run->sqlstate, "22", 2) != 0 && strncmp(t->run->sqlstate, "23", 2) != 0)
        t->refused = true;
    PQclear(r);
    return r != NULL;
}

/* Which columns of one row do not fit. */
static void
blame(struct stream *t, const PGresult *chunk, int row)
{
    char *rows = check_array(chunk, NULL, row, row + 1);

    for (size_t n = 0; n < t->s->target->ncolumns && !t->refused; n++) {
        char *sql;

        if (!t->needed[n])
            continue;
        sql = check_try_sql(t->s, t->needed, n);
        if (!fits(t, sql, rows) && !t->refused) {
            t->misfits[n].rows++;
            remember(&t->misfits[n].key, PQgetvalue(chunk, row, 0));
            remember(&t->misfits[n].error, t->run->error);
        }
        free(sql);
    }
    t->misfit_rows++;
    free(rows);
}

/* Halves what does not fit until the guilty rows stand alone. */
static void
sift(struct stream *t, const PGresult *chunk, bool *bad, int from, int to)
{
    char *rows;
    bool good;

    if (from == to || t->refused || t->misfit_rows >= MISFITS_MAX)
        return;
    rows = check_array(chunk, NULL, from, to);
    good = fits(t, t->tries, rows);
    free(rows);
    if (good || t->refused)
        return;
    if (to - from == 1) {
        bad[from] = true;
        blame(t, chunk, from);
        return;
    }
    sift(t, chunk, bad, from, from + (to - from) / 2);
    sift(t, chunk, bad, from + (to - from) / 2, to);
}

/* A row that does not fit is counted all the same, unless what does not fit is what the constraint reads. */
static void
count_chunk(struct stream *t, struct constraint *c, const char *all, const char *fitting)
{
    PGresult *r = attempt(t->run, c->sql, all);

    if (r == NULL && strcmp(all, fitting) != 0 && !t->run->lost)
        r = attempt(t->run, c->sql, fitting);
    if (r == NULL) {
        remember(&c->refusal, t->run->error);
        return;
    }
    c->rows += check_number(r, 0, "rows");
    if (check_number(r, 0, "rows") > 0)
        remember(&c->key, check_field(r, 0, "k"));
    PQclear(r);
}

static bool
take_chunk(void *arg, const PGresult *chunk)
{
    struct stream *t = arg;
    int n = PQntuples(chunk);
    bool *bad = xcalloc((size_t) n, sizeof *bad);
    bool more;

    sift(t, chunk, bad, 0, n);
    more = !t->refused && t->misfit_rows < MISFITS_MAX;
    if (more) {
        char *all = check_array(chunk, NULL, 0, n);
        char *fitting = check_array(chunk, bad, 0, n);

        for (size_t i = 0; i < t->count && !t->run->lost; i++)
            if (t->constraints[i].sql != NULL && t->constraints[i].refusal == NULL)
                count_chunk(t, &t->constraints[i], all, fitting);
        free(all);
        free(fitting);
        t->rows += n;
    }
    free(bad);
    return more && !t->run->lost;
}

/* ---- findings ---- */

static void
say_misfits(struct stream *t)
{
    const char *least = t->misfit_rows >= MISFITS_MAX ? "at least " : "";
    bool tried = false;

    for (size_t n = 0; n < t->s->target->ncolumns; n++) {
        const struct catalog_column *column = &t->s->target->columns[n];
        const struct misfit *m = &t->misfits[n];

        tried = tried || check_tries(t->s, n);
        if (m->rows == 0)
            continue;
        check_add(&t->run->report, CHECK_FAIL, AREA_DATA, "type",
                  t->s->columns[check_column_named(t->s, column->name)].path,
                  "%s%" PRId64 " rows hold what type %s does not take, the first with key %s: %s", least, m->rows,
                  column->shown_type, m->key, m->error);
        check_mend(&t->run->report, "mend them in vNext, or write an expression: each would be parked");
    }
    if (tried && t->misfit_rows == 0 && t->rows > 0) {
        char *path = check_path(t->s->e, "columns", NULL);

        check_add(&t->run->report, CHECK_PASS, AREA_DATA, "type", path,
                  "%" PRId64 " present rows fit the types of the legacy columns", t->rows);
        free(path);
    }
}

/* "schema"."table" (constraint) */
static char *
where_of(const struct check_subject *s, const char *name)
{
    struct buf out = {0};

    quote_qualified(&out, s->target->schema, s->target->name);
    buf_printf(&out, " (%s)", name);
    return buf_steal(&out);
}

static void
say_foreign(struct stream *t, const struct constraint *c)
{
    struct check_report *r = &t->run->report;
    const struct catalog_foreign *f = c->foreign;
    char *where = where_of(t->s, f->name);

    if (c->rows > 0) {
        check_add(r, CHECK_FAIL, AREA_DATA, "foreign-key", where,
                  "%" PRId64 " rows would point to a row of %s.%s that is not there, the first with key %s", c->rows,
                  f->schema, f->table, c->key);
        check_mend(r, "bring these rows of %s over first, make it the \"parent\", or use a \"lookup\"", f->table);
    } else if (c->hold == HOLD_ALWAYS) {
        check_add(r, CHECK_PASS, AREA_DATA, "foreign-key", where, "what it points to is there before the row");
    } else if (c->refusal != NULL || c->hold == HOLD_UNKNOWN) {
        check_add(r, CHECK_WARN, AREA_DATA, "foreign-key", where, "may be violated, and could not be counted: %s",
                  c->refusal != NULL ? c->refusal : "what rows would hold there cannot be computed here");
        check_mend(r, "mend the FAILs above it first, if there are any, and check again");
    } else {
        check_add(r, CHECK_WARN, AREA_DATA, "foreign-key", where,
                  "vNext does not promise that the row of %s.%s is there; of %" PRId64 " rows none misses it today",
                  f->schema, f->table, t->rows);
        check_mend(r, "see that rows of %s come first: a row without it is parked", f->table);
    }
    free(where);
}

/* What two rows of vNext would give alike, on the vNext server alone. NULL after a refusal. */
static PGresult *
count_twice(struct stream *t, const struct catalog_unique *u)
{
    char *sql = check_twice_sql(t->s, u);
    PGresult *r = check_look(t->run, DATABASE_VNEXT, sql, 0, NULL);

    free(sql);
    return r;
}

static void
say_unique(struct stream *t, const struct constraint *c)
{
    static const char mend[] = "make it unique in vNext too, or give \"unique\": \"suffix\"";
    struct check_report *report = &t->run->report;
    enum check_hold twice = check_twice_hold(t->s, c->unique);
    PGresult *r = twice == HOLD_PERHAPS ? count_twice(t, c->unique) : NULL;
    const char *refusal = twice == HOLD_PERHAPS && r == NULL ? t->run->error : c->refusal;
    char *where = where_of(t->s, c->unique->name);
    bool failed = false;

    if (r != NULL && check_number(r, 0, "groups") > 0) {
        failed = true;
        check_add(report, CHECK_FAIL, AREA_DATA, "unique", where,
                  "%s rows of vNext would give %s values that it keeps apart, the first with key %s",
                  check_field(r, 0, "rows"), check_field(r, 0, "groups"), check_field(r, 0, "k"));
        check_mend(report, "%s", mend);
    }
    if (c->rows > 0) {
        failed = true;
        check_add(report, CHECK_FAIL, AREA_DATA, "unique", where,
                  "%" PRId64 " rows would take what another legacy row has, the first with key %s", c->rows, c->key);
        check_mend(report, "where that row is the same one, enter both in the map; else change one of them%s",
                   t->s->e->map == NULL ? "" : ", or give \"unique\": \"suffix\"");
    }
    if (!failed && c->hold != HOLD_ALWAYS && (refusal != NULL || c->hold == HOLD_UNKNOWN)) {
        check_add(report, CHECK_WARN, AREA_DATA, "unique", where, "may be violated, and could not be counted: %s",
                  refusal != NULL ? refusal : "what rows would hold there cannot be computed here");
        check_mend(report, "mend the FAILs above it first, if there are any, and check again");
    } else if (!failed && twice != HOLD_ALWAYS) {
        check_add(report, CHECK_WARN, AREA_DATA, "unique", where,
                  "vNext does not keep apart what it does; nothing collides today");
        check_mend(report, "%s", mend);
    } else if (!failed && c->hold == HOLD_ALWAYS) {
        check_add(report, CHECK_PASS, AREA_DATA, "unique", where, "rows of vNext cannot violate it");
    } else if (!failed) {
        check_add(report, CHECK_PASS, AREA_DATA, "unique", where,
                  "vNext keeps apart what it does, and no other legacy row has what %" PRId64 " rows would take",
                  t->rows);
    }
    PQclear(r);
    free(where);
}

/* ---- an entity ---- */

static struct constraint *
add_constraint(struct stream *t, enum check_hold hold)
{
    t->constraints = xreallocarray(t->constraints, t->count + 1, sizeof *t->constraints);
    t->constraints[t->count] = (struct constraint){.hold = hold};
    return &t->constraints[t->count++];
}

static void
add_constraints(struct stream *t)
{
    const struct catalog_table *target = t->s->target;

    for (size_t i = 0; i < target->nuniques; i++) {
        const struct catalog_unique *u = &target->uniques[i];
        struct constraint *c = add_constraint(t, check_taken_hold(t->s, u));

        c->unique = u;
        c->sql = c->hold == HOLD_PERHAPS ? check_taken_sql(t->s, u) : NULL;
    }
    for (size_t i = 0; i < target->nforeigns; i++) {
        const struct catalog_foreign *f = &target->foreigns[i];
        struct constraint *c = add_constraint(t, check_foreign_hold(t->s, f));

        c->foreign = f;
        c->sql = c->hold == HOLD_PERHAPS ? check_orphans_sql(t->s, f) : NULL;
    }
}

static void
free_stream(struct stream *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->constraints[i].sql);
        free(t->constraints[i].key);
        free(t->constraints[i].refusal);
    }
    for (size_t n = 0; n < t->s->target->ncolumns; n++) {
        free(t->misfits[n].key);
        free(t->misfits[n].error);
    }
    free(t->constraints);
    free(t->misfits);
    free(t->needed);
    free(t->tries);
}

/* False when what was counted is not all. */
static bool
stream_rows(struct stream *t)
{
    char *sql = check_stream_sql(t->s, t->needed);
    bool good;

    t->tries = check_try_sql(t->s, t->needed, t->s->target->ncolumns);
    good = check_each_chunk(t->run, sql, take_chunk, t) && !t->refused && !t->run->lost;
    if (!good) {
        char *path = check_path(t->s->e, "columns", NULL);

        check_refused(t->run, AREA_DATA, "rows", path);
        free(path);
    }
    free(sql);
    return good;
}

void
check_rows_of(struct check_run *run, struct check_subject *s)
{
    struct stream t = {.run = run, .s = s, .needed = check_needed(s)};
    bool good = true;

    t.misfits = xcalloc(s->target->ncolumns, sizeof *t.misfits);
    add_constraints(&t);
    if (t.needed != NULL)
        good = stream_rows(&t);
    say_misfits(&t);
    for (size_t i = 0; i < t.count && good && !run->lost; i++) {
        if (t.constraints[i].unique != NULL)
            say_unique(&t, &t.constraints[i]);
        else if (t.constraints[i].foreign != NULL)
            say_foreign(&t, &t.constraints[i]);
    }
    free_stream(&t);
}
