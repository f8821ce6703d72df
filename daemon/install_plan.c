/* install_plan.c - what `install` will do in each database; see install_plan.h. */
#include "install_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/catalog_read.h"
#include "dualwrite/mapping_check.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/pgblock.h"
#include "dualwrite/ref.h"
#include "dualwrite/triggers.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

/* New partitions' epochs are so far above the last one that no batch of the old ones comes up to them: install looks, waits
 * for the batches under way, and commits, all within minutes. */
#define EPOCHS_APART 1000000

/* "customer(id) order(id,customer_id)": waiting events can only be read by a mapping with the same layout. */
static char *
ref_layout(const struct mapping *m)
{
    struct buf out = {0};

    for (size_t i = 0; i < m->count; i++) {
        buf_printf(&out, "%s%s(", i == 0 ? "" : " ", m->entities[i].name);
        for (size_t j = 0; j < ref_count(&m->entities[i]); j++)
            buf_printf(&out, "%s%s", j == 0 ? "" : ",", ref_column(&m->entities[i], j));
        buf_putc(&out, ')');
    }
    return buf_steal(&out);
}

static char *
digest(PGconn *pq, const char *input)
{
    PGresult *r = pgblock_query(pq, sql_digest, 1, &input);
    char *hex = r == NULL ? NULL : xstrdup(PQgetvalue(r, 0, 0));

    PQclear(r);
    return hex;
}

static enum install_side
side_of(const struct install_plan *p, size_t database)
{
    return p->pair->count == 1 ? SIDE_BOTH : database == DATABASE_VNEXT ? SIDE_VNEXT : SIDE_LEGACY;
}

static int
read_parts(struct install_plan *p)
{
    for (size_t i = 0; i < p->pair->count; i++) {
        struct install_part *part = &p->parts[i];
        enum install_side side = side_of(p, i);

        if (installed_read(p->pair->pq[i], &part->now) != 0)
            return EXIT_UNFINISHED;
        part->catalog = catalog_read(p->pair->pq[i], p->settings->mapping, side != SIDE_LEGACY, side != SIDE_VNEXT);
        if (part->catalog == NULL)
            return EXIT_UNFINISHED;
    }
    return EXIT_GOOD;
}

static int
check_mapping(const struct install_plan *p)
{
    const struct catalog *vnext = p->parts[DATABASE_VNEXT].catalog;
    const struct catalog *legacy = p->parts[DATABASE_LEGACY].catalog;
    struct faults faults = {0};
    int status = EXIT_GOOD;

    mapping_check(p->settings->mapping_name, p->settings->mapping,
                  &(struct catalogs){vnext, legacy == NULL ? vnext : legacy}, true, &faults);
    command_print_faults(&faults);
    if (faults.errors > 0)
        status = EXIT_CONFIGURATION;
    faults_free(&faults);
    return status;
}

/* A schema that is there already must be of the same pair, and nobody may be at work in it in another way. With one database
 * what is said of the legacy one is that of nothing. */
static int
check_pair(const struct install_plan *p)
{
    const struct installed *vnext = &p->parts[DATABASE_VNEXT].now;
    const struct installed *legacy = &p->parts[DATABASE_LEGACY].now;
    const char *shown = p->pair->shown[DATABASE_LEGACY];

    if (vnext->side == SIDE_LEGACY || legacy->side == SIDE_VNEXT) {
        bool first = vnext->side == SIDE_LEGACY;

        fprintf(stderr,
                "dualwrited: %s (%s) leads to a database that is the %s side of an installation; are the two URLs "
                "swapped, or is one missing? Else take that installation out first, with uninstall\n",
                first ? SETTINGS_URL : SETTINGS_LEGACY_URL, p->pair->shown[first ? DATABASE_VNEXT : DATABASE_LEGACY],
                pair_word(first ? DATABASE_LEGACY : DATABASE_VNEXT));
        return EXIT_CONFIGURATION;
    }
    if (legacy->side == SIDE_LEGACY && strcmp(legacy->installation, vnext->installation) != 0) {
        fprintf(stderr,
                "dualwrited: the legacy database (%s) belongs to the installation of another vNext database, and two "
                "cannot share one: correct " SETTINGS_LEGACY_URL "; or, if that installation is no more, run "
                "`dualwrited uninstall` with the legacy database's URL as " SETTINGS_URL " and without the other key\n",
                shown);
        return EXIT_CONFIGURATION;
    }
    if (legacy->daemons > 0 || legacy->waiting > 0) {
        fprintf(stderr,
                "dualwrited: the legacy database (%s) was a vNext database until now: %ld daemons work there and %ld "
                "events wait; let them drain it, and stop them\n",
                shown, legacy->daemons, legacy->waiting);
        return EXIT_FOUND;
    }
    return EXIT_GOOD;
}

static int
check_waiting(const struct install_plan *p)
{
    const struct installed *now = &p->parts[DATABASE_VNEXT].now;

    if (now->waiting == 0 || strcmp(now->ref_layout, p->layout) == 0)
        return EXIT_GOOD;
    fprintf(stderr,
            "dualwrited: %ld events wait that this mapping cannot read (they name rows by %s, it by %s); let a daemon "
            "with the old mapping drain them first\n",
            now->waiting, now->ref_layout, p->layout);
    return EXIT_FOUND;
}

/* What the guard shall obey until a daemon delivers something newer: the flags in force, where the vNext database knows
 * better than our settings. */
static int
flags_in_force(const struct install_plan *p, struct flags *flags)
{
    PGresult *r;

    if (p->parts[DATABASE_VNEXT].now.version == 0)
        return EXIT_GOOD;
    r = pgblock_query(p->pair->pq[DATABASE_VNEXT], sql_flags_effective, 0, NULL);
    if (r == NULL)
        return EXIT_UNFINISHED;
    for (int row = 0; row < PQntuples(r); row++) {
        enum flag f = flag_by_name(PQgetvalue(r, row, PQfnumber(r, "flag")));
        const char *value = f == FLAG_COUNT ? NULL : flag_value(f, PQgetvalue(r, row, PQfnumber(r, "value")));

        if (value != NULL && strcmp(PQgetvalue(r, row, PQfnumber(r, "source")), "published") != 0)
            flags->value[f] = value;
    }
    PQclear(r);
    return EXIT_GOOD;
}

/* The worst state of our triggers on the table that the mapping names now; see triggers.h. -1 when it cannot be read. */
static int
hung(PGconn *pq, const struct mapping_entity *e, const struct mapping_table *t, const char *guard)
{
    const char *names[] = {t->schema, t->name};
    struct buf lists[2] = {{0}, {0}};
    struct buf bad = {0};
    PGresult *r;
    int state = -1;

    for (size_t i = 0; i < 2; i++) {
        pgarray_open(&lists[i]);
        pgarray_add(&lists[i], names[i]);
        pgarray_close(&lists[i]);
        names[i] = buf_text(&lists[i]);
    }
    r = pgblock_query(pq, sql_check_triggers, 2, names);
    if (r != NULL) {
        size_t count = (size_t) PQntuples(r);
        struct trigger_fact *facts = xcalloc(count, sizeof *facts);

        for (int row = 0; row < (int) count; row++)
            facts[row] = (struct trigger_fact){.function = PQgetvalue(r, row, PQfnumber(r, "function")),
                                               .enabled = PQgetvalue(r, row, PQfnumber(r, "enabled"))[0],
                                               .events = strtoll(PQgetvalue(r, row, PQfnumber(r, "events")), NULL, 10)};
        state =
            guard == NULL ? triggers_of_source(e, facts, count, &bad) : triggers_of_target(guard, facts, count, &bad);
        free(facts);
    }
    PQclear(r);
    for (size_t i = 0; i < 2; i++)
        buf_free(&lists[i]);
    buf_free(&bad);
    return state;
}

/*
 * Are they as an installation leaves them, and always on? By table, because a table may have been put in the place of
 * another, which kept them. A source whose are not has missed changes, also where they are there but not ALWAYS: somebody
 * switched all triggers off, and on again.
 */
static int
look_at_triggers(const struct install_plan *p, struct install_part *part, PGconn *pq)
{
    const struct mapping *m = p->settings->mapping;
    const struct install_options *o = &part->options;

    part->missed = xcalloc(m->count, sizeof *part->missed);
    for (size_t i = 0; part->now.there && i < m->count; i++) {
        const struct mapping_entity *e = &m->entities[i];
        int source = o->side == SIDE_LEGACY ? 'A' : hung(pq, e, &e->source, NULL);
        int target =
            o->side == SIDE_VNEXT || o->guard == GUARD_OFF ? 'A' : hung(pq, e, &e->target, guard_word(o->guard));
        struct buf item = {0};

        if (source < 0 || target < 0)
            return EXIT_UNFINISHED;
        buf_printf(&item, ",%s,", e->name);
        part->missed[i] = source != 'A' && strstr(part->now.entities, buf_text(&item)) != NULL;
        part->hang = part->hang || source != 'A' || target != 'A';
        buf_free(&item);
    }
    return EXIT_GOOD;
}

static int
choose_options(struct install_plan *p, size_t database)
{
    const struct installed *vnext = &p->parts[DATABASE_VNEXT].now;
    const struct installed *legacy = &p->parts[DATABASE_LEGACY].now;
    struct install_part *part = &p->parts[database];
    struct install_options *o = &part->options;

    part->mapping_digest = digest(p->pair->pq[database], p->settings->mapping_text);
    *o = (struct install_options){
        .installed_version = part->now.version,
        .side = side_of(p, database),
        .installed_side = part->now.side,
        .partitions = p->partitions > 0 ? p->partitions : vnext->partitions,
        .guard = vnext->guard,
        .outbox_max = p->settings->config->outbox_max,
        .mapping_digest = part->mapping_digest,
        .rehearsed = p->rehearsed,
        .flags = p->settings->config->flags,
    };
    if (p->guard != NULL)
        o->guard = *p->guard;
    else if (vnext->version == 0)
        o->guard = legacy->guard; /* of a database that was both until now, or none */
    if (o->side != SIDE_BOTH)
        o->installation = *vnext->installation != '\0' ? vnext->installation : p->new_installation;
    if (o->side == SIDE_VNEXT) {
        o->legacy_database = p->pair->shown[DATABASE_LEGACY];
    }
    o->repartitioned = vnext->version > 0 && vnext->partitions != o->partitions;
    if (o->repartitioned && p->pair->count == 2)
        o->epoch_above =
            EPOCHS_APART + (legacy->epoch_seen > vnext->epoch_drawn ? legacy->epoch_seen : vnext->epoch_drawn);
    return o->side == SIDE_LEGACY ? flags_in_force(p, &o->flags) : EXIT_GOOD;
}

static int
make_sql(struct install_plan *p, size_t database)
{
    const struct mapping *m = p->settings->mapping;
    struct install_part *part = &p->parts[database];
    struct buf hang = {0};
    int status = choose_options(p, database);

    if (status == EXIT_GOOD)
        status = look_at_triggers(p, part, p->pair->pq[database]);
    if (status != EXIT_GOOD)
        return status;
    part->options.missed = p->rehearsed ? NULL : part->missed;
    capture_hang_sql(&hang, m, part->catalog, &part->options);
    part->hang_digest = digest(p->pair->pq[database], buf_text(&hang));
    if (part->mapping_digest == NULL || part->hang_digest == NULL) {
        buf_free(&hang);
        return EXIT_UNFINISHED;
    }
    part->hang = part->hang || part->now.version == 0 || strcmp(part->now.hang_digest, part->hang_digest) != 0 ||
                 part->now.triggers != capture_hang_count(m, &part->options);
    capture_schema_sql(&part->sql, &part->options);
    if (part->hang) {
        capture_release_sql(&part->sql);
        buf_puts(&part->sql, buf_text(&hang));
    }
    capture_publish_sql(&part->sql, m, part->catalog, &part->options, part->hang_digest, p->layout);
    buf_free(&hang);
    return EXIT_GOOD;
}

void
install_plan_clear(struct install_plan *p)
{
    for (size_t i = 0; i < 2; i++) {
        struct install_part *part = &p->parts[i];

        installed_clear(&part->now);
        catalog_free(part->catalog);
        free(part->mapping_digest);
        free(part->hang_digest);
        free(part->missed);
        buf_free(&part->sql);
        *part = (struct install_part){0};
    }
    free(p->layout);
    p->layout = NULL;
}

int
install_plan_make(struct install_plan *p)
{
    int status;

    install_plan_clear(p);
    p->layout = ref_layout(p->settings->mapping);
    status = read_parts(p);
    if (status == EXIT_GOOD)
        status = check_pair(p);
    if (status == EXIT_GOOD)
        status = check_mapping(p);
    if (status == EXIT_GOOD)
        status = check_waiting(p);
    for (size_t i = 0; i < p->pair->count && status == EXIT_GOOD; i++)
        status = make_sql(p, i);
    return status;
}
