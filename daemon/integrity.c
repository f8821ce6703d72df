/* integrity.c - rule packs at their databases; see integrity.h. */
#include "integrity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/catalog_read.h"
#include "dualwrite/config_keys.h"
#include "dualwrite/mapping_check.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/quote.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "pack_load.h"
#include "runner.h"

/* ---- options ---- */

static int
take_where(struct integrity_asked *asked, const char *argument)
{
    const char *equals = strchr(argument, '=');

    if (equals == NULL || equals == argument || (size_t) (equals - argument) >= sizeof asked->where_names[0])
        return command_bad_argument("where", argument, "COLUMN=VALUE");
    if (asked->nwhere == INTEGRITY_WHERE_MAX) {
        fprintf(stderr, "dualwrited: --where is taken %d times at most\n", INTEGRITY_WHERE_MAX);
        return EXIT_USAGE;
    }
    memcpy(asked->where_names[asked->nwhere], argument, (size_t) (equals - argument));
    asked->where_columns[asked->nwhere] = asked->where_names[asked->nwhere];
    asked->where_values[asked->nwhere++] = equals + 1;
    return EXIT_GOOD;
}

static int
take_pack(struct integrity_asked *asked, const char *argument)
{
    if (asked->npacks == INTEGRITY_PACKS_MAX) {
        fprintf(stderr, "dualwrited: --pack is taken %d times at most\n", INTEGRITY_PACKS_MAX);
        return EXIT_USAGE;
    }
    asked->packs[asked->npacks++] = argument;
    return EXIT_GOOD;
}

bool
integrity_take(struct integrity_asked *asked, const char *name, const char *argument, int *status)
{
    *status = EXIT_GOOD;
    if (strcmp(name, "config") == 0) {
        asked->config = argument;
    } else if (strcmp(name, "pack") == 0) {
        *status = take_pack(asked, argument);
    } else if (strcmp(name, "where") == 0) {
        *status = take_where(asked, argument);
    } else if (strcmp(name, "period") == 0) {
        char *end;
        const long hours = strtol(argument, &end, 10);

        asked->period_hours = (int) hours;
        if (*argument < '0' || *argument > '9' || (*end != '\0' && strcmp(end, "h") != 0) || hours < 1 || hours > 9600)
            *status = command_bad_argument(name, argument, "a number of hours, 1 to 9600");
    } else if (strcmp(name, "timeout") == 0) {
        asked->timeout_ms = config_duration_ms(argument);
        if (asked->timeout_ms < 1)
            *status = command_bad_argument(name, argument, "a time, as 500ms, 30s or 5m");
    } else if (strcmp(name, "no-compare") == 0) {
        asked->no_compare = true;
    } else {
        return false;
    }
    return true;
}

/* ---- packs and statements ---- */

/* The packs that were asked for. EXIT_GOOD, or EXIT_INPUT after saying every fault. */
static int
load(struct integrity *i, const struct integrity_asked *asked)
{
    struct faults faults = {0};
    bool good;

    i->asked = asked;
    for (size_t p = 0; p < asked->npacks; p++)
        i->packs[p] = pack_load(asked->packs[p], &faults);
    for (size_t p = 0; faults.errors == 0 && p < asked->npacks; p++)
        for (size_t q = 0; q < p; q++)
            if (strcmp(i->packs[p]->name, i->packs[q]->name) == 0)
                faults_add(&faults, FAULT_ERROR, asked->packs[p], "is called \"%s\", as another pack that was given",
                           i->packs[p]->name);
    command_print_faults(&faults);
    good = faults.errors == 0;
    faults_free(&faults);
    return good ? EXIT_GOOD : EXIT_INPUT;
}

static struct catalog *
read_catalog(struct desk *d, enum database side)
{
    struct catalog *c = NULL;

    if (desk_begin(d, side, d->settings->config->statement_timeout_ms, false))
        c = catalog_read(d->pq[side], d->settings->mapping, side == DATABASE_VNEXT, !d->two || side == DATABASE_LEGACY);
    desk_end(d, side, false);
    return c;
}

/* Why the mapping cannot be used, to free; NULL: it can. */
static char *
why_not_mapped(struct integrity *i)
{
    struct desk *d = i->desk;
    struct catalogs c;
    struct faults faults = {0};
    struct buf why = {0};

    if (d->pq[DATABASE_LEGACY] == NULL) {
        buf_printf(&why, "the legacy database does not answer: %s", d->why);
        return buf_steal(&why);
    }
    i->catalogs[0] = read_catalog(d, DATABASE_VNEXT);
    i->catalogs[1] = d->two ? read_catalog(d, DATABASE_LEGACY) : NULL;
    if (i->catalogs[0] == NULL || (d->two && i->catalogs[1] == NULL))
        return xstrdup("the catalog could not be read");
    c = (struct catalogs){i->catalogs[0], d->two ? i->catalogs[1] : i->catalogs[0]};
    mapping_check(d->settings->mapping_name, d->settings->mapping, &c, false, &faults);
    for (size_t f = 0; f < faults.count && why.len == 0; f++)
        if (faults.items[f].severity == FAULT_ERROR)
            buf_printf(&why,
                       "the mapping does not fit the databases: %s; `dualwrited check` says all and how to mend it",
                       faults.items[f].text);
    faults_free(&faults);
    return why.len == 0 ? NULL : buf_steal(&why);
}

int
integrity_prepare(struct integrity *i, struct desk *desk)
{
    struct faults faults = {0};
    bool sync = false;
    bool good;

    i->desk = desk;
    for (size_t p = 0; p < i->asked->npacks; p++)
        sync = sync || pack_is_about_sync(i->packs[p]);
    if (sync)
        i->no_sync = why_not_mapped(i);
    for (size_t p = 0; p < i->asked->npacks; p++) {
        const struct catalogs c = {i->catalogs[0], desk->two ? i->catalogs[1] : i->catalogs[0]};

        i->looks[p] = pack_looks_make(i->packs[p], desk->settings->mapping, sync && i->no_sync == NULL ? &c : NULL,
                                      desk->two, i->asked->period_hours, &faults);
    }
    command_print_faults(&faults);
    good = faults.errors == 0;
    faults_free(&faults);
    return good ? EXIT_GOOD : EXIT_INPUT;
}

/* ---- comparing ---- */

/* `dualwrited reconcile`; what it found is in the database. */
static void
reconcile(struct integrity *i)
{
    struct words argv = {0};
    struct run child = {.out = "/dev/null"}; /* on a terminal it shows its own progress */
    struct buf why = {0};

    for (int side = 0; side < (i->desk->two ? 2 : 1); side++)
        PQclear(desk_ask(i->desk, (enum database) side, sql_integrity_stay, 0, NULL));
    words_add(&argv, "/proc/self/exe");
    words_add(&argv, "reconcile");
    if (i->asked->config != NULL) {
        words_add(&argv, "--config");
        words_add(&argv, i->asked->config);
    }
    run_command(&child, &argv);
    if (child.status < 0)
        buf_printf(&why, "reconcile could not be run: %s", child.why);
    else if (child.status > EXIT_FOUND && child.status != EXIT_UNFINISHED)
        buf_printf(&why, "`dualwrited reconcile` ended with status %d", child.status);
    if (why.len > 0)
        i->no_runs = buf_steal(&why);
    run_free(&child);
    words_free(&argv);
}

static void
compare(struct integrity *i)
{
    PGresult *r;

    if (!i->asked->no_compare && i->no_sync == NULL)
        reconcile(i);
    if (i->no_runs != NULL || i->no_sync != NULL)
        return;
    r = desk_look(i->desk, DATABASE_VNEXT, i->asked->timeout_ms, sql_integrity_compared, 0, NULL);
    if (r == NULL)
        i->no_runs = xstrdup(i->desk->error);
    else
        i->runs = cJSON_Parse(PQgetvalue(r, 0, 0));
    PQclear(r);
}

static char *
why_not_compared(const struct integrity *i, const struct pack_look *look)
{
    if (i->no_runs != NULL)
        return xstrdup(i->no_runs);
    return integrity_not_compared(i->runs, look->e == NULL ? "" : look->e->name, i->asked->period_hours * 3600.0);
}

/* ---- looking ---- */

enum database
integrity_side(const struct pack_look *look)
{
    return look->check->on == PACK_LEGACY ? DATABASE_LEGACY : DATABASE_VNEXT;
}

bool
integrity_names(struct desk *d, enum database side, const char *schema)
{
    PGresult *r = desk_ask(d, side, sql_integrity_search_path, 1, (const char *[]){schema});

    PQclear(r);
    return r != NULL;
}

bool
integrity_only_read(struct integrity *i, enum database side)
{
    PGresult *r = desk_ask(i->desk, side, sql_integrity_wrote, 0, NULL);
    const bool good = r != NULL && PQgetvalue(r, 0, 0)[0] == 'f';

    if (r != NULL && !good) {
        snprintf(i->desk->sqlstate, sizeof i->desk->sqlstate, "25006");
        free(i->desk->error);
        i->desk->error = xstrdup("it took a transaction's id, which takes a write");
    }
    PQclear(r);
    return good;
}

bool
integrity_count(struct integrity *i, const struct pack_look *look, struct integrity_result *result)
{
    const bool narrows = look->check->table != NULL;
    char *sql = pack_count_sql(look, i->asked->samples, i->asked->where_columns, narrows ? i->asked->nwhere : 0);
    PGresult *r =
        desk_ask(i->desk, integrity_side(look), sql, narrows ? (int) i->asked->nwhere : 0, i->asked->where_values);

    free(sql);
    if (r == NULL)
        return false;
    result->rows = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
    cJSON_Delete(result->samples);
    result->samples = cJSON_Parse(PQgetvalue(r, 0, 1));
    PQclear(r);
    return true;
}

static const char *
file_of(const struct integrity *i, const struct pack_look *look)
{
    return i->gathering ? look->check->legacy.name : look->check->find.name;
}

/* "permission denied for table T" names it; in other languages nothing does. */
static void
put_grant(struct buf *out, const struct integrity *i, const struct pack_look *look)
{
    static const char denied[] = "permission denied for table ", temporary[] = "permission denied to create temporary";
    const enum database side = i->gathering ? DATABASE_LEGACY : integrity_side(look);
    const char *error = i->desk->error;

    if (look->legacy != NULL && strncmp(error, temporary, sizeof temporary - 1) == 0) {
        buf_puts(out, "; GRANT TEMPORARY ON DATABASE ");
        quote_ident(out, PQdb(i->desk->pq[side]));
    } else if (strncmp(error, denied, sizeof denied - 1) == 0) {
        buf_puts(out, "; GRANT SELECT ON ");
        quote_ident(out, error + sizeof denied - 1);
    } else {
        buf_printf(out, "; GRANT SELECT ON what %s reads", file_of(i, look));
    }
    buf_puts(out, " TO ");
    quote_ident(out, PQuser(i->desk->pq[side]));
}

char *
integrity_why(const struct integrity *i, const struct pack_look *look)
{
    const char *state = i->desk->sqlstate;
    struct buf why = {0};

    if (desk_timed_out(i->desk)) {
        buf_printf(&why, "it took longer than %g s (--timeout)", (double) i->asked->timeout_ms / 1000);
    } else if (strcmp(state, "25006") == 0) {
        buf_printf(&why, "%s writes, which a check never may: %s", file_of(i, look), i->desk->error);
    } else if (strcmp(state, "42P01") == 0 || strcmp(state, "42703") == 0 || strcmp(state, "3F000") == 0) {
        buf_printf(&why, "this database has no such thing: %s", i->desk->error);
    } else if (strcmp(state, "42501") == 0) {
        buf_puts(&why, i->desk->error);
        put_grant(&why, i, look);
    } else if (strcmp(state, "08P01") == 0) {
        buf_printf(&why, "%s; a mend takes the keys as $1, and a check takes nothing", i->desk->error);
    } else {
        buf_printf(&why, "the server refuses %s: %s (SQLSTATE %s)", file_of(i, look),
                   i->desk->error == NULL ? "no answer" : i->desk->error, state);
    }
    return buf_steal(&why);
}

/* Whether the check's table can be narrowed as it was asked; true after a refusal too, which the look itself then meets. */
static bool
has_columns(struct integrity *i, const struct pack_look *look)
{
    const struct pack_check *c = look->check;
    struct buf columns = {0};
    PGresult *r;
    bool has;

    if (i->asked->nwhere == 0)
        return true;
    pgarray_open(&columns);
    for (size_t n = 0; n < i->asked->nwhere; n++)
        pgarray_add(&columns, i->asked->where_columns[n]);
    pgarray_close(&columns);
    r = desk_look(i->desk, integrity_side(look), i->asked->timeout_ms, sql_integrity_has_columns, 3,
                  (const char *[]){c->table_schema, c->table, buf_text(&columns)});
    has = r == NULL || PQgetvalue(r, 0, 0)[0] == 't';
    PQclear(r);
    buf_free(&columns);
    return has;
}

/* Why nothing is looked at, without asking; NULL: it is. */
static char *
why_left_out(const struct integrity *i, const struct pack_look *look)
{
    if (i->asked->nwhere > 0 && look->check->table == NULL)
        return xstrdup("--where needs a check that names its table");
    return NULL;
}

static bool
look_once(struct integrity *i, const struct pack *p, const struct pack_look *look, struct integrity_result *r)
{
    const enum database side = integrity_side(look);
    bool good;

    r->why = why_left_out(i, look);
    if (r->why != NULL) {
        r->state = INTEGRITY_LEFT_OUT;
        return true;
    }
    if (i->desk->pq[side] != NULL && look->check->table != NULL && !has_columns(i, look)) {
        r->why = xstrdup("its table has no column of --where");
        r->state = INTEGRITY_LEFT_OUT;
        return true;
    }
    if (i->desk->pq[side] == NULL || (look->legacy != NULL && i->desk->pq[DATABASE_LEGACY] == NULL))
        r->why = xstrdup("the legacy database does not answer");
    else if (look->check->compares != NULL)
        r->why = why_not_compared(i, look);
    if (r->why != NULL) {
        r->state = INTEGRITY_SKIPPED;
        return true;
    }
    good = integrity_begin(i, p, look) && integrity_count(i, look, r) &&
           (look->legacy != NULL || integrity_only_read(i, side));
    if (!good && desk_lost(i->desk))
        return false;
    if (!good) {
        r->why = integrity_why(i, look);
        r->rows = 0;
    }
    desk_end(i->desk, side, good);
    r->state = !good ? INTEGRITY_SKIPPED : r->rows > 0 ? INTEGRITY_FOUND : INTEGRITY_CLEAN;
    return true;
}

/* A check that fits nothing of the mapping, or that cannot be asked. */
static void
add_without_look(const struct integrity *i, struct integrity_pack *p, const struct pack_check *check)
{
    struct integrity_result *r = integrity_add(p, check, NULL);

    r->state = i->no_sync != NULL ? INTEGRITY_SKIPPED : INTEGRITY_LEFT_OUT;
    r->why = xstrdup(i->no_sync != NULL ? i->no_sync : "the mapping has nothing that it is about");
}

static bool
look_at_pack(struct integrity *i, size_t p, struct integrity_pack *into)
{
    const struct pack *pack = i->packs[p];
    size_t next = 0;

    into->pack = pack;
    for (size_t c = 0; c < pack->count; c++) {
        const size_t before = next;

        while (next < i->looks[p].count && i->looks[p].items[next].check == &pack->checks[c]) {
            const struct pack_look *look = &i->looks[p].items[next++];

            desk_doing(i->desk, pack->checks[c].name);
            if (!look_once(i, pack, look, integrity_add(into, look->check, look->about)))
                return false;
        }
        if (next == before)
            add_without_look(i, into, &pack->checks[c]);
    }
    return true;
}

int
integrity_look(struct integrity *i, struct integrity_report *report)
{
    PGresult *r = desk_look(i->desk, DATABASE_VNEXT, i->asked->timeout_ms, sql_integrity_now, 0, NULL);
    bool compares = false;
    bool good = r != NULL;

    if (r != NULL)
        snprintf(i->at, sizeof i->at, "%s", PQgetvalue(r, 0, 0));
    PQclear(r);
    *report = (struct integrity_report){.at = i->at,
                                        .period_hours = i->asked->period_hours,
                                        .packs = xcalloc(i->asked->npacks, sizeof *report->packs),
                                        .count = i->asked->npacks};
    for (size_t p = 0; p < i->asked->npacks; p++)
        compares = compares || (i->asked->nwhere == 0 && pack_compares(i->packs[p]));
    if (compares && good)
        compare(i);
    for (size_t p = 0; p < i->asked->npacks; p++) {
        report->packs[p].pack = i->packs[p];
        good = good && look_at_pack(i, p, &report->packs[p]);
    }
    i->desk->doing = NULL;
    desk_quiet(i->desk);
    return good ? EXIT_GOOD : desk_refused(i->desk, "looking");
}

/* ---- the whole ---- */

static void
let_go(struct integrity *i)
{
    for (size_t p = 0; p < INTEGRITY_PACKS_MAX; p++) {
        pack_looks_free(&i->looks[p]);
        pack_free(i->packs[p]);
    }
    catalog_free(i->catalogs[0]);
    catalog_free(i->catalogs[1]);
    free(i->no_sync);
    free(i->no_runs);
    cJSON_Delete(i->runs);
}

int
integrity_command(struct integrity_asked *asked, const char *name, bool undoes,
                  int (*answer)(void *arg, struct integrity *i, struct desk *d), void *arg)
{
    struct integrity integrity = {0};
    struct settings *settings = command_settings(asked->config);
    struct desk desk = {0};
    int status;

    if (settings == NULL)
        return EXIT_CONFIGURATION;
    if (asked->npacks == 0 && !undoes)
        asked->packs[asked->npacks++] = INTEGRITY_PACK;
    status = load(&integrity, asked);
    if (status == EXIT_GOOD)
        status = desk_open(&desk, settings, name);
    if (status == EXIT_GOOD)
        status = answer(arg, &integrity, &desk);
    desk_close(&desk);
    let_go(&integrity);
    settings_free(settings);
    return status;
}
