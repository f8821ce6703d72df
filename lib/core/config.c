/*
 * config.c - the settings out of file and environment, and what a reload changed; see dualwrite/config.h.
 *
 * What a single key accepts is config_keys.c; how the file is written is envfile.c. No I/O, and no message ever holds
 * the value of a secret.
 */
#include "dualwrite/config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dualwrite/envfile.h"
#include "dualwrite/xalloc.h"

/* What one call of config_parse() works with. Slots are the rows of config_keys() and, at [count], the alias. */
struct parse {
    const struct config_key *keys;
    size_t count;
    const char *file;
    struct config *config;
    int *lines; /* where the file sets the key, by slot */
    bool *bad;  /* a value was refused, by slot */
    const struct config *before;
    struct faults *faults;
    struct buf where; /* reused */
};

static const struct config_key *
slot_key(const struct parse *p, size_t slot)
{
    return &p->keys[slot == p->count ? config_key_index(flag_name(FLAG_BLOCKED)) : slot];
}

static const char *
slot_name(const struct parse *p, size_t slot)
{
    return slot == p->count ? CONFIG_ALIAS : p->keys[slot].name;
}

static const char *
file_line(struct parse *p, int line)
{
    buf_clear(&p->where);
    buf_printf(&p->where, "%s:%d", p->file, line);
    return buf_text(&p->where);
}

/* Names whose lines must not be skipped lightly; other TEAM_ keys are the application's. */
static bool
is_ours(const char *name)
{
    return strncmp(name, "DUALWRITE_", 10) == 0 || config_key_index(name) != SIZE_MAX;
}

static void
unknown_key(struct parse *p, const char *where, const char *name)
{
    const char *meant = config_key_meant(name);

    if (strncmp(name, "DUALWRITE_", 10) == 0) {
        if (meant == NULL)
            faults_add(p->faults, FAULT_ERROR, where, "unknown key %.80s; dualwrited.env(5) lists the known ones",
                       name);
        else
            faults_add(p->faults, FAULT_ERROR, where, "unknown key %.80s; the nearest known one is %s", name, meant);
    } else if (meant != NULL) {
        faults_add(p->faults, FAULT_WARNING, where, "unknown key %.80s is ignored; is %s meant?", name, meant);
    }
}

/* Worth a look at all: ours by prefix, in whatever case, so that an environment of thousands costs nothing. */
static bool
has_our_prefix(const char *name)
{
    return strncasecmp(name, "DUALWRITE_", 10) == 0 || strncasecmp(name, "TEAM_", 5) == 0;
}

/* A quote that was forgotten ends at the next one, some lines on; what stood between is lost without a syntax fault. */
static void
warn_of_swallowed_key(struct parse *p, const struct env_entry *entry)
{
    for (const char *line = strchr(entry->value, '\n'); line != NULL; line = strchr(line, '\n')) {
        char *name;

        line++;
        line += strspn(line, " \t");
        name = xstrndup(line, strcspn(line, "= \t\n"));
        if (has_our_prefix(name) && config_key_index(name) != SIZE_MAX) {
            faults_add(p->faults, FAULT_WARNING, file_line(p, entry->line),
                       "a quoted value that begins here swallows the line that sets %s; is a quote missing?", name);
        }
        free(name);
    }
}

static void
take_from_file(struct parse *p, const struct env_entry *entry)
{
    size_t slot;
    struct config_value *v;

    warn_of_swallowed_key(p, entry);
    if (!has_our_prefix(entry->key))
        return;
    slot = config_key_index(entry->key);
    if (strcmp(entry->key, CONFIG_FILE_KEY) == 0) {
        faults_add(p->faults, FAULT_ERROR, file_line(p, entry->line),
                   CONFIG_FILE_KEY
                   " says which file to read, so it can stand in the environment only; remove the line, "
                   "or use --config");
        return;
    }
    if (slot == SIZE_MAX) {
        unknown_key(p, file_line(p, entry->line), entry->key);
        return;
    }
    v = &p->config->values[slot];
    if (v->in_file != NULL) {
        faults_add(p->faults, FAULT_WARNING, file_line(p, entry->line),
                   "%s is set in line %d and again in line %d; the last one holds", entry->key, p->lines[slot],
                   entry->line);
    }
    free(v->in_file);
    v->in_file = xstrdup(entry->value);
    p->lines[slot] = entry->line;
}

static void
take_from_environment(struct parse *p, const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    char *name;
    size_t slot;

    if (equals == NULL || !has_our_prefix(assignment))
        return;
    name = xstrndup(assignment, (size_t) (equals - assignment));
    slot = config_key_index(name);
    if (slot != SIZE_MAX) {
        if (p->config->values[slot].in_environment == NULL)
            p->config->values[slot].in_environment = xstrdup(equals + 1);
    } else if (strcmp(name, CONFIG_FILE_KEY) != 0 && !config_is_service_link(name, equals + 1)) {
        for (char *c = name; *c != '\0'; c++) {
            if (*c < '!' || *c > '~')
                *c = '?';
        }
        unknown_key(p, "environment", name);
    }
    free(name);
}

static void
check_value(struct parse *p, size_t slot, const char *where, const char *text)
{
    const struct config_key *key = slot_key(p, slot);
    struct config_key named = *key;
    struct buf why = {0};

    named.name = slot_name(p, slot);
    if (!config_key_check(&named, text, &why)) {
        faults_add(p->faults, FAULT_ERROR, where, "%s", buf_text(&why));
        p->bad[slot] = true;
    } else if (key->type == CONFIG_PATH && strstr(text, " #") != NULL) {
        faults_add(p->faults, FAULT_WARNING, where,
                   "%s: the # and what follows is taken as part of the path; a comment "
                   "needs a line of its own",
                   named.name);
    }
    buf_free(&why);
}

/* True when a reload, this one or an earlier one, found another value of the key in the file. */
static bool
file_changed(const struct parse *p, size_t slot)
{
    const struct config_value *old;
    const char *now = p->config->values[slot].in_file;

    if (p->before == NULL)
        return false;
    old = &p->before->values[slot];
    if (old->file_changed || (old->in_file == NULL) != (now == NULL))
        return true;
    return now != NULL && !config_key_same(slot_key(p, slot), old->in_file, now);
}

/* Which of file and environment holds. */
static void
resolve(struct parse *p, size_t slot)
{
    struct config_value *v = &p->config->values[slot];
    enum flag flag = flag_by_name(slot_name(p, slot));
    const char *file = v->in_file;
    const char *environment = v->in_environment;

    v->file_changed = file_changed(p, slot);
    v->source = file != NULL ? SOURCE_FILE : environment != NULL ? SOURCE_ENVIRONMENT : SOURCE_DEFAULT;
    if (flag != FLAG_COUNT && file != NULL && environment != NULL && !v->file_changed) {
        const char *a = flag_value(flag, file);
        const char *b = flag_value(flag, environment);

        if (a != b) {
            v->source = flag_safer(flag, a, b) == a ? SOURCE_FILE : SOURCE_ENVIRONMENT;
            faults_add(p->faults, FAULT_WARNING, file_line(p, p->lines[slot]),
                       "%s is %s here and %s in the environment; the safer %s holds until a reload finds the file's "
                       "value changed",
                       slot_name(p, slot), a, b, flag_safer(flag, a, b));
        }
    }
    if (v->source != SOURCE_DEFAULT)
        v->text = xstrdup(v->source == SOURCE_FILE ? file : environment);
}

/* The two names of TEAM_LEGACY_WRITE_BLOCKED become one value, in the row of the first. */
static void
resolve_alias(struct parse *p)
{
    size_t slot = config_key_index(flag_name(FLAG_BLOCKED));
    struct config_value *v = &p->config->values[slot];
    const struct config_value *alias = &p->config->values[p->count];

    if (alias->text == NULL)
        return;
    if (v->text != NULL && config_bool(v->text) != config_bool(alias->text)) {
        size_t shown = alias->source == SOURCE_FILE ? p->count : slot;

        faults_add(p->faults, FAULT_WARNING,
                   p->config->values[shown].source == SOURCE_FILE ? file_line(p, p->lines[shown]) : "environment",
                   "%s is %s (%s) and " CONFIG_ALIAS
                   ", the same key by its other name, is %s (%s); direct legacy writes "
                   "are blocked; remove one of the two",
                   slot_name(p, slot), config_bool(v->text) ? "true" : "false",
                   v->source == SOURCE_FILE ? "file" : "environment", config_bool(alias->text) ? "true" : "false",
                   alias->source == SOURCE_FILE ? "file" : "environment");
    }
    if (v->text == NULL || (config_bool(v->text) == 0 && config_bool(alias->text) == 1)) {
        free(v->text);
        v->text = xstrdup(alias->text);
        v->source = alias->source;
    }
}

static const char *
in_force(const struct config *c, const char *name)
{
    size_t count;
    size_t slot = config_key_index(name);
    const struct config_key *keys = config_keys(&count);

    return c->values[slot].text != NULL ? c->values[slot].text : keys[slot].fallback;
}

static void
set_text(char **field, const char *text)
{
    free(*field);
    *field = xstrdup(text);
}

static void
fill_alert(struct config *c)
{
    struct config_alert *a = &c->alert;
    const char *url = in_force(c, "DUALWRITE_ALERT_PAGERDUTY_URL");
    const char *sendmail = in_force(c, "DUALWRITE_SENDMAIL");

    set_text(&a->webhook_url, in_force(c, "DUALWRITE_ALERT_WEBHOOK_URL"));
    set_text(&a->webhook_url_file, in_force(c, "DUALWRITE_ALERT_WEBHOOK_URL_FILE"));
    set_text(&a->pagerduty_key, in_force(c, "DUALWRITE_ALERT_PAGERDUTY_KEY"));
    set_text(&a->pagerduty_key_file, in_force(c, "DUALWRITE_ALERT_PAGERDUTY_KEY_FILE"));
    set_text(&a->pagerduty_url, *url == '\0' ? CONFIG_PAGERDUTY_URL : url);
    set_text(&a->mail_to, in_force(c, "DUALWRITE_ALERT_MAIL_TO"));
    set_text(&a->sendmail, *sendmail == '\0' ? "/usr/sbin/sendmail" : sendmail);
}

/* The fields from the values in force; may be called again after one changed. */
static void
fill(struct config *c)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    const char *level = in_force(c, "DUALWRITE_LOG_LEVEL");
    const char *listen = in_force(c, "DUALWRITE_HTTP_LISTEN");

    for (int f = 0; f < FLAG_COUNT; f++)
        c->flags.value[f] = flag_value((enum flag) f, in_force(c, flag_name((enum flag) f)));
    set_text(&c->database_url, in_force(c, "DUALWRITE_DATABASE_URL"));
    set_text(&c->legacy_database_url, in_force(c, "DUALWRITE_LEGACY_DATABASE_URL"));
    set_text(&c->mapping_file, in_force(c, "DUALWRITE_MAPPING_FILE"));
    c->log_format = strcasecmp(in_force(c, "DUALWRITE_LOG_FORMAT"), "json") == 0 ? LOG_JSON : LOG_LOGFMT;
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
        if (strcasecmp(level, levels[i]) == 0)
            c->log_level = (enum log_level) i;
    }
    set_text(&c->http_listen, strcasecmp(listen, "off") == 0 ? "off" : listen);
    c->batch_size = (int) config_count(in_force(c, "DUALWRITE_BATCH_SIZE"));
    c->poll_interval_ms = config_duration_ms(in_force(c, "DUALWRITE_POLL_INTERVAL"));
    c->retry_max_attempts = (int) config_count(in_force(c, "DUALWRITE_RETRY_MAX_ATTEMPTS"));
    c->removal_share = (int) config_percent(in_force(c, "DUALWRITE_REMOVAL_SHARE"));
    c->statement_timeout_ms = config_duration_ms(in_force(c, "DUALWRITE_STATEMENT_TIMEOUT"));
    c->notify = config_bool(in_force(c, "DUALWRITE_NOTIFY")) == 1;
    c->outbox_max = config_count(in_force(c, "DUALWRITE_OUTBOX_MAX"));
    set_text(&c->pidfile, in_force(c, "DUALWRITE_PIDFILE"));
    c->watch_config = config_bool(in_force(c, "DUALWRITE_WATCH_CONFIG")) == 1;
    fill_alert(c);
}

static void
gather(struct parse *p, const char *text, size_t len, char *const *environment)
{
    struct env_entries entries = {0};

    if (text != NULL)
        envfile_parse(p->file, text, len, is_ours, &entries, p->faults);
    for (size_t i = 0; i < entries.count; i++)
        take_from_file(p, &entries.items[i]);
    env_entries_free(&entries);
    for (char *const *e = environment; e != NULL && *e != NULL; e++)
        take_from_environment(p, *e);
}

struct config *
config_parse(const char *file, const char *text, size_t len, char *const *environment, const struct config *before,
             struct faults *faults)
{
    struct parse p = {.file = file, .before = before, .faults = faults};
    size_t errors = faults->errors;
    size_t slots;

    p.keys = config_keys(&p.count);
    slots = p.count + 1;
    p.config = xcalloc(1, sizeof *p.config);
    p.config->values = xcalloc(slots, sizeof *p.config->values);
    p.lines = xcalloc(slots, sizeof *p.lines);
    p.bad = xcalloc(slots, sizeof *p.bad);
    gather(&p, text, len, environment);
    for (size_t i = 0; i < slots; i++) {
        const struct config_value *v = &p.config->values[i];

        if (v->in_file != NULL)
            check_value(&p, i, file_line(&p, p.lines[i]), v->in_file);
        if (v->in_environment != NULL)
            check_value(&p, i, "environment", v->in_environment);
        if (!p.bad[i])
            resolve(&p, i);
    }
    resolve_alias(&p);
    buf_free(&p.where);
    free(p.lines);
    free(p.bad);
    if (faults->errors != errors) {
        config_free(p.config);
        return NULL;
    }
    fill(p.config);
    return p.config;
}

void
config_free(struct config *c)
{
    size_t count;

    if (c == NULL)
        return;
    config_keys(&count);
    for (size_t i = 0; i <= count; i++) {
        free(c->values[i].text);
        free(c->values[i].in_file);
        free(c->values[i].in_environment);
    }
    free(c->values);
    free(c->database_url);
    free(c->legacy_database_url);
    free(c->mapping_file);
    free(c->http_listen);
    free(c->pidfile);
    free(c->alert.webhook_url);
    free(c->alert.webhook_url_file);
    free(c->alert.pagerduty_key);
    free(c->alert.pagerduty_key_file);
    free(c->alert.pagerduty_url);
    free(c->alert.mail_to);
    free(c->alert.sendmail);
    free(c);
}

const char *
config_shown(const struct config *c, size_t key)
{
    size_t count;
    const struct config_key *k = &config_keys(&count)[key];
    const char *text = in_force(c, k->name);

    return k->type == CONFIG_SECRET && *text != '\0' ? "(set, not shown)" : text;
}

static void
add_change(struct buf *out, const struct config_key *key, const char *old, const char *new)
{
    buf_printf(out, "%s: %s -> %s", key->name, *old == '\0' ? "none" : old, *new == '\0' ? "none" : new);
}

size_t
config_changes(const struct config *before, struct config *next, struct buf *out, struct faults *faults)
{
    size_t count;
    size_t changes = 0;
    const struct config_key *keys = config_keys(&count);

    for (size_t i = 0; i < count; i++) {
        struct config_value *v = &next->values[i];

        if (config_key_same(&keys[i], in_force(before, keys[i].name), in_force(next, keys[i].name)))
            continue;
        if (keys[i].reloadable) {
            if (changes++ > 0)
                buf_puts(out, "; ");
            add_change(out, &keys[i], config_shown(before, i), config_shown(next, i));
        } else {
            struct buf change = {0};

            add_change(&change, &keys[i], config_shown(before, i), config_shown(next, i));
            faults_add(faults, FAULT_WARNING, "file", /* the environment cannot change under a running process */
                       "%s waits for a restart; the old value stays in force", buf_text(&change));
            buf_free(&change);
            free(v->text);
            v->text = xstrdup(before->values[i].text);
            v->source = before->values[i].source;
        }
    }
    fill(next);
    return changes;
}
