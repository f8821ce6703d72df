/* event_log.c - an event's log lines; see event_log.h. How a line is escaped is lib/base/log.c. */
#include "event_log.h"

#include "dualwrite/log.h"
#include "dualwrite/ref.h"
#include "wallclock.h"

/* The source key as text; the columns of a composite one joined with commas. */
static void
log_key(struct log_line *l, const struct mapping_entity *entity, const struct event *e)
{
    struct buf key = {0};

    if (entity->source_key.count == 1 && e->nref > 0) {
        log_str(l, entity->log_id, e->ref[0] == NULL ? "" : e->ref[0]);
        return;
    }
    for (size_t i = 0; i < entity->source_key.count && i < e->nref; i++)
        buf_printf(&key, "%s%s", i == 0 ? "" : ",", e->ref[i] == NULL ? "" : e->ref[i]);
    log_str(l, entity->log_id, buf_text(&key));
    buf_free(&key);
}

/* operation, own id, parent's id, acting user: the beginning of each line. */
static void
begin(struct log_line *l, enum log_level level, const char *event_type, const struct mapping *m, const struct event *e)
{
    log_begin(l, level, event_type);
    log_str(l, "operation", e->operation);
    if (e->entity < m->count) {
        const struct mapping_entity *entity = &m->entities[e->entity];

        log_key(l, entity, e);
        if (entity->parent != NULL) {
            size_t at = ref_position(entity, entity->parent->column);

            log_str(l, m->entities[entity->parent->index].log_id, at < e->nref ? e->ref[at] : NULL);
        }
    }
    log_str(l, "user_id", e->actor);
}

void
event_log_scheduled(struct tally *t, const struct mapping *m, const struct event *e)
{
    struct log_line l = {0};

    begin(&l, LOG_INFO, "dual_write_scheduled", m, e);
    log_int(&l, "event_id", e->id);
    log_int(&l, "attempt", e->attempt);
    log_end(&l);
    tally_scheduled(t, e->operation);
}

/* The log key and text of the legacy row's key, where the mapping names one. */
static void
log_target(struct log_line *l, const struct mapping *m, const struct event *e, const struct subject *s)
{
    const struct mapping_entity *entity = &m->entities[e->entity];
    const char *target_id = entity->log_target_id;

    if (target_id == NULL && entity->map == NULL && entity->parent != NULL)
        target_id = m->entities[entity->parent->index].log_target_id;
    if (target_id != NULL)
        log_str(l, target_id, s->target_key);
}

void
event_log_differs(const struct mapping *m, const struct event *e, const struct subject *s)
{
    struct log_line l = {0};

    begin(&l, LOG_WARNING, "legacy_differs", m, e);
    log_target(&l, m, e, s);
    log_int(&l, "event_id", e->id);
    log_str(&l, "msg",
            "the legacy row is not what the mapping asked for: look for a trigger or rule on the legacy table");
    log_end(&l);
}

void
event_log_completed(struct tally *t, const struct mapping *m, const struct event *e, const struct subject *s,
                    int64_t duration_ms)
{
    int64_t lag_ms = e->age_ms + duration_ms;
    struct log_line l = {0};

    begin(&l, LOG_INFO, "dual_write_completed", m, e);
    log_target(&l, m, e, s);
    log_int(&l, "event_id", e->id);
    log_int(&l, "attempt", e->attempt);
    log_int(&l, "duration_ms", duration_ms);
    log_int(&l, "lag_ms", lag_ms);
    log_str(&l, "lag_from", e->age_from_commit ? "commit" : "capture");
    if (s->found)
        log_bool(&l, "verified", s->verified);
    log_end(&l);
    tally_completed(t, wallclock_now(), e->operation, e->id, e->attempt, duration_ms, lag_ms);
}

void
event_log_failed(struct tally *t, const struct mapping *m, const struct event *e, const char *error,
                 const char *sqlstate, const char *constraint, int64_t retry_in_ms, bool strict)
{
    struct log_line l = {0};

    begin(&l, strict ? LOG_ERROR : LOG_WARNING, "dual_write_failed", m, e);
    log_str(&l, "error", error);
    log_str(&l, "severity", strict ? "ERROR" : "warning");
    log_int(&l, "event_id", e->id);
    log_int(&l, "attempt", e->attempt);
    log_str(&l, "exception_type", condition_name(sqlstate));
    log_str(&l, "sqlstate", sqlstate);
    log_str(&l, "constraint", constraint);
    if (retry_in_ms >= 0)
        log_int(&l, "retry_in_ms", retry_in_ms);
    else
        log_str(&l, "msg", "parked in dualwrite.failed until its row changes");
    log_end(&l);
    tally_failed(t, wallclock_now(), e->operation, e->id, e->attempt, condition_name(sqlstate), retry_in_ms < 0);
}
