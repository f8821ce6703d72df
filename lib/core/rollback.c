/* rollback.c - which flags a rollback sets, and who has confirmed them; see dualwrite/rollback.h. */
#include "dualwrite/rollback.h"

#include <string.h>

#include "dualwrite/buf.h"

static const cJSON *
item(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *
string(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(item(object, key));

    return text == NULL ? "" : text;
}

static double
number(const cJSON *object, const char *key)
{
    const cJSON *n = item(object, key);

    return cJSON_IsNumber(n) ? n->valuedouble : 0;
}

/* NULL: it leaves it alone. */
static const char *
value_of(enum rollback_word word, enum flag f)
{
    /* a bypass would let through what is to be blocked; and with both the legacy tables stand still, as they must then */
    static const char *const values[ROLLBACK_WORDS][FLAG_COUNT] = {
        [ROLLBACK_DISABLE] = {[FLAG_ENABLED] = "false"},
        [ROLLBACK_STRICT_OFF] = {[FLAG_STRICT] = "false"},
        [ROLLBACK_BLOCK_LEGACY] = {[FLAG_ENABLED] = "false", [FLAG_BLOCKED] = "true", [FLAG_BYPASS] = "false"},
    };

    return values[word][f];
}

void
rollback_wish(struct rollback_wish *wish, enum rollback_word word)
{
    *wish = (struct rollback_wish){0};
    for (enum flag f = 0; f < FLAG_COUNT; f++) {
        wish->value[f] = value_of(word, f);
        wish->concerned[f] = wish->value[f] != NULL;
    }
    wish->quiet = wish->concerned[FLAG_ENABLED];
}

static const char *
in_force(const cJSON *document, enum flag f)
{
    return string(item(item(document, "flags"), flag_name(f)), "value");
}

/* The batch of this daemon that is under way; NULL: none. */
static const cJSON *
batch_of(const cJSON *state, const char *instance)
{
    const cJSON *batch;

    cJSON_ArrayForEach(batch, item(state, "batches"))
    {
        if (strcmp(string(batch, "instance"), instance) == 0)
            return batch;
    }
    return NULL;
}

static const char *
disobeyed(const cJSON *daemon, const cJSON *state, const struct rollback_wish *wish)
{
    for (enum flag f = 0; f < FLAG_COUNT; f++)
        if (wish->concerned[f] && strcmp(string(item(daemon, "in_force"), flag_name(f)), in_force(state, f)) != 0)
            return flag_name(f);
    return NULL;
}

/* The verdict on one that was alive; *why is what it waits for. */
static const char *
verdict(const cJSON *daemon, const cJSON *state, const struct rollback_wish *wish, struct buf *why)
{
    const cJSON *batch = batch_of(state, string(daemon, "instance"));
    const char *flag;

    if (!cJSON_IsObject(item(daemon, "in_force"))) {
        const bool asked = cJSON_IsTrue(item(daemon, "asked_since"));

        buf_puts(why, "its version cannot confirm; ");
        buf_puts(why,
                 asked ? "it has asked since what is in force, and obeys" : "it obeys within 5 s, with its next beat");
        return asked ? "asked" : "waiting";
    }
    flag = disobeyed(daemon, state, wish);
    if (flag == NULL)
        return "confirmed";
    if (batch != NULL)
        buf_printf(why, "a batch that it began before is still under way, for %.1f s (server process %.0f)",
                   number(batch, "seconds"), number(batch, "pid"));
    else if (cJSON_IsTrue(item(daemon, "live")))
        buf_printf(why, "it has not said yet that it obeys %s", flag);
    else
        buf_puts(why, "it does not beat any more: stopped, cut off, or killed");
    return "waiting";
}

static void
copy(cJSON *to, const cJSON *from, const char *key)
{
    cJSON_AddItemToObject(to, key,
                          item(from, key) == NULL ? cJSON_CreateNull() : cJSON_Duplicate(item(from, key), true));
}

static void
add_daemon(cJSON *daemons, const cJSON *daemon, const char *word, const char *why)
{
    static const char *const keys[] = {"instance", "host", "pid", "version", "last_beat_age_seconds"};
    cJSON *object = cJSON_CreateObject();

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        copy(object, daemon, keys[i]);
    cJSON_AddStringToObject(object, "verdict", word);
    if (*why == '\0')
        cJSON_AddNullToObject(object, "why");
    else
        cJSON_AddStringToObject(object, "why", why);
    cJSON_AddItemToArray(daemons, object);
}

/* Whether all have confirmed that were alive at any time. */
static bool
judge_daemons(cJSON *report, const cJSON *state, const struct rollback_wish *wish, cJSON *known)
{
    cJSON *daemons = cJSON_AddArrayToObject(report, "daemons");
    const cJSON *daemon;
    bool all = true;

    cJSON_ArrayForEach(daemon, item(state, "daemons"))
    {
        const char *instance = string(daemon, "instance");
        struct buf why = {0};

        if (cJSON_IsTrue(item(daemon, "live")) || item(known, instance) != NULL) {
            const char *word = verdict(daemon, state, wish, &why);

            cJSON_DeleteItemFromObjectCaseSensitive(known, instance);
            cJSON_AddItemToObject(known, instance, cJSON_Duplicate(daemon, true));
            all = all && strcmp(word, "waiting") != 0;
            add_daemon(daemons, daemon, word, buf_text(&why));
        } else {
            add_daemon(daemons, daemon, "silent",
                       "it had stopped beating before; if it comes back, it asks what is in force before it works");
        }
        buf_free(&why);
    }
    cJSON_ArrayForEach(daemon, known)
    {
        const cJSON *now;
        bool there = false;

        cJSON_ArrayForEach(now, item(state, "daemons"))
        {
            there = there || strcmp(string(now, "instance"), daemon->string) == 0;
        }
        if (!there)
            add_daemon(daemons, daemon, "gone", "it ended meanwhile");
    }
    return all;
}

static bool
judge_flags(cJSON *report, const cJSON *state, const struct rollback_wish *wish)
{
    struct buf why = {0};
    bool good;

    for (enum flag f = 0; f < FLAG_COUNT; f++)
        if (wish->value[f] != NULL && strcmp(in_force(state, f), wish->value[f]) != 0)
            buf_printf(&why, "%s%s is %s: somebody else has written another override since", why.len == 0 ? "" : "; ",
                       flag_name(f), in_force(state, f));
    good = why.len == 0;
    cJSON_AddBoolToObject(report, "database", good);
    if (!good)
        cJSON_AddStringToObject(report, "database_why", buf_text(&why));
    buf_free(&why);
    return good;
}

/* What the guard in the other database obeys; a flag that only the vNext side uses may differ for a moment. */
static bool
judge_legacy(cJSON *report, const cJSON *state, const cJSON *legacy, const char *legacy_why,
             const struct rollback_wish *wish)
{
    struct buf why = {0};
    bool needed = false;

    for (enum flag f = FLAG_BLOCKED; f <= FLAG_BYPASS; f++) {
        needed = needed || wish->concerned[f];
        if (legacy != NULL && wish->concerned[f] && strcmp(in_force(legacy, f), in_force(state, f)) != 0)
            buf_printf(&why, "%s%s is %s there (%s)", why.len == 0 ? "" : "; ", flag_name(f), in_force(legacy, f),
                       string(item(item(legacy, "flags"), flag_name(f)), "source"));
    }
    if (legacy != NULL && wish->quiet && number(legacy, "batches") > 0)
        buf_printf(&why, "%s%.0f batches are still being written there", why.len == 0 ? "" : "; ",
                   number(legacy, "batches"));
    if (legacy == NULL && legacy_why != NULL)
        buf_printf(&why, "the legacy database does not answer: %s", legacy_why);
    if (why.len > 0)
        cJSON_AddStringToObject(report, "legacy", buf_text(&why));
    else
        cJSON_AddNullToObject(report, "legacy");
    needed = why.len > 0 && (legacy != NULL || needed);
    buf_free(&why);
    return !needed;
}

cJSON *
rollback_judge(const cJSON *state, const cJSON *legacy, const char *legacy_why, const struct rollback_wish *wish,
               cJSON *known)
{
    cJSON *report = cJSON_CreateObject();
    bool good = judge_flags(report, state, wish);

    good = judge_daemons(report, state, wish, known) && good;
    cJSON_AddItemToObject(report, "batches",
                          wish->quiet ? cJSON_Duplicate(item(state, "batches"), true) : cJSON_CreateArray());
    good = cJSON_GetArraySize(item(report, "batches")) == 0 && good;
    good = judge_legacy(report, state, legacy, legacy_why, wish) && good;
    cJSON_AddBoolToObject(report, "confirmed", good);
    return report;
}
