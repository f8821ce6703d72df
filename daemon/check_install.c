/*
 * check_install.c - what `install` has put there and what runs on it: schema, triggers, guard, flags, backlog, daemons; see
 * check_run.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "dualwrite/capture.h"
#include "dualwrite/check_judge.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/quote.h"
#include "dualwrite/triggers.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

static const char *
side_name(const struct check_run *run, enum database side)
{
    return !run->two ? "this database" : side == DATABASE_VNEXT ? "the vNext database" : "the legacy database";
}

static void
say_role(struct check_run *run, enum database side, const char *role)
{
    struct buf name = {0};

    quote_ident(&name, role);
    check_add(&run->report, CHECK_FAIL, AREA_INSTALLATION, "role", side_name(run, side),
              "role %s was not granted dualwrite_daemon: the daemon could not work", buf_text(&name));
    check_mend(&run->report, "GRANT dualwrite_daemon TO %s;", buf_text(&name));
    buf_free(&name);
}

/* Whether the schema is there, ours, and open to this role. */
static bool
check_schema(struct check_run *run, enum database side)
{
    PGresult *r = check_look(run, side, sql_check_schema, 0, NULL);
    const char *state = r == NULL ? "" : check_field(r, 0, "state");
    bool readable = false;

    if (r == NULL) {
        check_refused(run, AREA_INSTALLATION, "schema", side_name(run, side));
    } else if (strcmp(state, "foreign") == 0) {
        check_add(&run->report, CHECK_FAIL, AREA_INSTALLATION, "schema", side_name(run, side),
                  "has a schema \"dualwrite\" that is not ours");
        check_mend(&run->report, "rename it");
    } else if (strcmp(state, "ours") != 0) {
        check_add(&run->report, CHECK_WARN, AREA_INSTALLATION, "schema", side_name(run, side),
                  "has no dualwrite schema: nothing is captured, and nothing is guarded");
        check_mend(&run->report, "run `dualwrited install` when every FAIL above is mended, then check again");
    } else {
        readable = check_truth(r, 0, "usage");
        if (!readable || !check_truth(r, 0, "member"))
            say_role(run, side, check_field(r, 0, "role"));
    }
    PQclear(r);
    return readable;
}

static void
judge_installed(struct check_run *run, enum database side, const PGresult *r)
{
    const char *wanted = !run->two ? "both" : side == DATABASE_VNEXT ? "vnext" : "legacy";
    const char *partitions = check_field(r, 0, "partitions"); /* none on the legacy side */
    int version = (int) check_number(r, 0, "schema_version");

    if (version != CAPTURE_SCHEMA_VERSION) {
        check_add(&run->report, CHECK_FAIL, AREA_INSTALLATION, "version", side_name(run, side),
                  "schema dualwrite has version %d, this program needs %d", version, CAPTURE_SCHEMA_VERSION);
        check_mend(&run->report, "run `dualwrited install` of the %s",
                   version < CAPTURE_SCHEMA_VERSION ? "new version" : "version that wrote it");
    } else {
        check_add(&run->report, CHECK_PASS, AREA_INSTALLATION, "version", side_name(run, side),
                  "schema dualwrite, version %d%s%s%s", version, *partitions == '\0' ? "" : ", ", partitions,
                  *partitions == '\0' ? "" : " partitions");
    }
    if (strcmp(check_field(r, 0, "side"), wanted) != 0) {
        check_add(&run->report, CHECK_FAIL, AREA_INSTALLATION, "side", side_name(run, side),
                  "was installed as \"%s\", and these settings make it \"%s\"", check_field(r, 0, "side"), wanted);
        check_mend(&run->report, "run `dualwrited install` with these settings, or correct "
                                 "DUALWRITE_LEGACY_DATABASE_URL");
    }
    if (check_truth(r, 0, "same_mapping")) {
        check_add(&run->report, CHECK_PASS, AREA_INSTALLATION, "digest", side_name(run, side),
                  "the installed mapping is %s", run->settings->mapping_name);
    } else {
        check_add(&run->report, CHECK_WARN, AREA_INSTALLATION, "digest", side_name(run, side),
                  "another mapping is installed than %s: a daemon with this one takes no work",
                  run->settings->mapping_name);
        check_mend(&run->report, "run `dualwrited install` with it, or give this host the installed one");
    }
}

/* ---- triggers ---- */

static PGresult *
our_triggers(struct check_run *run, enum database side, const struct mapping_table *t)
{
    struct buf schema = {0}, name = {0};
    const char *params[2];
    PGresult *r;

    pgarray_open(&schema);
    pgarray_add(&schema, t->schema);
    pgarray_close(&schema);
    pgarray_open(&name);
    pgarray_add(&name, t->name);
    pgarray_close(&name);
    params[0] = buf_text(&schema);
    params[1] = buf_text(&name);
    r = check_look(run, side, sql_check_triggers, 2, params);
    buf_free(&schema);
    buf_free(&name);
    return r;
}

/* The rows as facts, to be freed; their texts are the result's. */
static struct trigger_fact *
facts_of(const PGresult *r)
{
    struct trigger_fact *facts = xcalloc((size_t) PQntuples(r), sizeof *facts);

    for (int row = 0; row < PQntuples(r); row++)
        facts[row] = (struct trigger_fact){.function = check_field(r, row, "function"),
                                           .enabled = check_field(r, row, "enabled")[0],
                                           .events = check_number(r, row, "events")};
    return facts;
}

static void
say_triggers(struct check_run *run, const char *check, const char *where, char state, const char *bad, const char *what)
{
    struct check_report *r = &run->report;

    if (state == 'A') {
        check_add(r, CHECK_PASS, AREA_INSTALLATION, check, where, "every trigger is there and on");
    } else {
        if (state == 'O' || state == 'R')
            check_add(r, CHECK_WARN, AREA_INSTALLATION, check, where,
                      "triggers do not fire in every session_replication_role, as where all triggers of a table were "
                      "switched off and on again: %s",
                      bad);
        else
            check_add(r, CHECK_FAIL, AREA_INSTALLATION, check, where, "triggers are %s, so %s: %s",
                      state == 'D' ? "switched off" : "missing", what, bad);
        check_mend(r, "run `dualwrited install`: it mends them, and queues a vNext table once for what was missed");
    }
}

static void
check_side_of(struct check_run *run, enum database side, const char *check, const struct mapping_entity *e,
              const char *guard, const char *what)
{
    const struct mapping_table *t = side == DATABASE_VNEXT ? &e->source : &e->target;
    struct buf bad = {0};
    struct buf where = {0};
    PGresult *r = our_triggers(run, side, t);

    quote_qualified(&where, t->schema, t->name);
    if (r == NULL) {
        check_refused(run, AREA_INSTALLATION, check, buf_text(&where));
    } else {
        const size_t count = (size_t) PQntuples(r);
        struct trigger_fact *facts = facts_of(r);
        char state = side == DATABASE_VNEXT ? triggers_of_source(e, facts, count, &bad)
                                            : triggers_of_target(guard, facts, count, &bad);

        say_triggers(run, check, buf_text(&where), state, buf_text(&bad), what);
        free(facts);
    }
    PQclear(r);
    buf_free(&where);
    buf_free(&bad);
}

static void
check_capture(struct check_run *run, const struct mapping_entity *e)
{
    check_side_of(run, DATABASE_VNEXT, "capture-triggers", e, NULL, "changes are not captured");
}

static void
check_guard(struct check_run *run, const struct mapping_entity *e, const char *guard)
{
    check_side_of(run, DATABASE_LEGACY, "guard-triggers", e, guard, "direct writes are neither refused nor recorded");
}

static void
check_triggers(struct check_run *run, const char *guard)
{
    const struct mapping *m = run->settings->mapping;

    for (size_t i = 0; i < m->count && !run->lost; i++)
        check_capture(run, &m->entities[i]);
    if (strcmp(guard, "off") == 0) {
        check_add(&run->report, CHECK_WARN, AREA_INSTALLATION, "guard-triggers", NULL,
                  "the guard is off: direct writes to the legacy tables are neither refused nor recorded");
        check_mend(&run->report, "run `dualwrited install --guard=on` (or record)");
        return;
    }
    for (size_t i = 0; i < m->count && !run->lost; i++)
        check_guard(run, &m->entities[i], guard);
}

/* ---- flags and work ---- */

static void
check_flags(struct check_run *run, bool readable)
{
    struct flags flags = run->settings->config->flags;
    PGresult *r = readable ? check_look(run, DATABASE_VNEXT, sql_flags_effective, 0, NULL) : NULL;
    const char *sentence;
    size_t i = 0;

    for (int row = 0; r != NULL && row < PQntuples(r); row++) {
        enum flag f = flag_by_name(check_field(r, row, "flag"));
        const char *value = f == FLAG_COUNT ? NULL : flag_value(f, check_field(r, row, "value"));

        if (value != NULL)
            flags.value[f] = value;
        if (check_truth(r, row, "disagreement")) {
            check_add(&run->report, CHECK_WARN, AREA_INSTALLATION, "flags", check_field(r, row, "flag"),
                      "running daemons disagree; the safest view, %s, holds", check_field(r, row, "value"));
            check_mend(&run->report, "`dualwrited flags` shows who says what: make the files equal");
        }
    }
    for (; (sentence = flags_warning(&flags, i)) != NULL; i++) {
        check_add(&run->report, CHECK_WARN, AREA_INSTALLATION, "flags", NULL, "%s", sentence);
        check_mend(&run->report, "see dualwrited.env(5), and `dualwrited flags` for where each value comes from");
    }
    if (readable && r == NULL)
        check_refused(run, AREA_INSTALLATION, "flags", NULL);
    else if (i == 0)
        check_add(&run->report, CHECK_PASS, AREA_INSTALLATION, "flags", NULL,
                  "dual write %s, strict mode %s, legacy writes %s%s", flag_on(&flags, FLAG_ENABLED) ? "on" : "off",
                  flag_on(&flags, FLAG_STRICT) ? "on" : "off",
                  flag_on(&flags, FLAG_BLOCKED) && !flag_on(&flags, FLAG_BYPASS) ? "blocked" : "not blocked",
                  readable ? "" : " (settings of this host)");
    PQclear(r);
}

static void
check_backlog(struct check_run *run)
{
    PGresult *r = check_look(run, DATABASE_VNEXT, sql_check_backlog, 0, NULL);
    struct check_backlog b;

    if (r == NULL) {
        check_refused(run, AREA_INSTALLATION, "backlog", NULL);
        return;
    }
    b = (struct check_backlog){
        .waiting = check_number(r, 0, "waiting"),
        .oldest_s = check_number(r, 0, "oldest_s"),
        .retrying = check_number(r, 0, "retrying"),
        .parked = check_number(r, 0, "parked"),
        .resyncs = check_number(r, 0, "resyncs"),
        .daemons = (int) check_number(r, 0, "daemons"),
        .others = (int) check_number(r, 0, "others"),
        .enabled = check_truth(r, 0, "enabled"),
    };
    check_judge_backlog(&run->report, &b);
    PQclear(r);
}

/* The settings of the installation on that side; NULL when there is none, or none that this role may read. */
static PGresult *
read_installation(struct check_run *run, enum database side)
{
    const char *text = run->settings->mapping_text;
    PGresult *r;

    if (!check_schema(run, side))
        return NULL;
    r = check_look(run, side, sql_check_installation, 1, &text);
    if (r == NULL)
        check_refused(run, AREA_INSTALLATION, "version", side_name(run, side));
    else
        judge_installed(run, side, r);
    return r;
}

void
check_installation(struct check_run *run)
{
    PGresult *vnext;
    PGresult *legacy;

    check_doing(run, "the installation");
    vnext = read_installation(run, DATABASE_VNEXT);
    legacy = run->two && !run->lost ? read_installation(run, DATABASE_LEGACY) : NULL;
    if (vnext != NULL && (!run->two || legacy != NULL))
        check_triggers(run, check_field(run->two ? legacy : vnext, 0, "guard"));
    if (!run->lost)
        check_flags(run, vnext != NULL);
    if (vnext != NULL && !run->lost)
        check_backlog(run);
    PQclear(vnext);
    PQclear(legacy);
}
