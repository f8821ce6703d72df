/*
 * flags.c - the TEAM_ flags; see dualwrite/flags.h.
 *
 * Only what the values mean and which is safer. Where they come from is config.c, who obeys them is the database.
 */
#include "dualwrite/flags.h"

#include <cjson/cJSON.h>
#include <string.h>
#include <strings.h>

#define ALIAS_OF_BLOCKED "TEAM_VNEXT_LEGACY_WRITE_BLOCKED"

/* From the safest on, so that the safer of two is the one that stands first. */
static const char *const off_is_safer[] = {"false", "true", NULL};
static const char *const on_is_safer[] = {"true", "false", NULL};
static const char *const routing_modes[] = {"legacy_only", "auto", "vnext_primary", "vnext_only", NULL};

static const struct {
    const char *name;
    const char *fallback;
    const char *const *values;
} table[FLAG_COUNT] = {
    [FLAG_ENABLED] = {"TEAM_VNEXT_DUAL_WRITE_ENABLED", "false", off_is_safer},
    [FLAG_STRICT] = {"TEAM_VNEXT_DUAL_WRITE_STRICT_MODE", "false", off_is_safer},
    [FLAG_BLOCKED] = {"TEAM_LEGACY_WRITE_BLOCKED", "true", on_is_safer},
    [FLAG_BYPASS] = {"TEAM_LEGACY_WRITE_BYPASS_ENABLED", "false", off_is_safer},
    [FLAG_ADAPTER] = {"TEAM_VNEXT_ADAPTER_ENABLED", "false", off_is_safer},
    [FLAG_FORCE_LEGACY] = {"TEAM_VNEXT_FORCE_LEGACY", "false", on_is_safer},
    [FLAG_ROUTING_MODE] = {"TEAM_VNEXT_ROUTING_MODE", "legacy_only", routing_modes},
};

const char *
flag_name(enum flag f)
{
    return table[f].name;
}

enum flag
flag_by_name(const char *name)
{
    if (strcmp(name, ALIAS_OF_BLOCKED) == 0)
        return FLAG_BLOCKED;
    for (int f = 0; f < FLAG_COUNT; f++) {
        if (strcmp(name, table[f].name) == 0)
            return (enum flag) f;
    }
    return FLAG_COUNT;
}

const char *
flag_default(enum flag f)
{
    return table[f].fallback;
}

static const char *
boolean(const char *text)
{
    static const char *const words[][2] = {{"true", "false"}, {"1", "0"}, {"yes", "no"}, {"on", "off"}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(text, words[i][0]) == 0)
            return "true";
        if (strcasecmp(text, words[i][1]) == 0)
            return "false";
    }
    return NULL;
}

const char *
flag_value(enum flag f, const char *text)
{
    if (f != FLAG_ROUTING_MODE)
        return boolean(text);
    for (size_t i = 0; routing_modes[i] != NULL; i++) {
        if (strcmp(text, routing_modes[i]) == 0)
            return routing_modes[i];
    }
    return NULL;
}

const char *
flag_safer(enum flag f, const char *a, const char *b)
{
    for (const char *const *v = table[f].values; *v != NULL; v++) {
        if (strcmp(a, *v) == 0)
            return a;
        if (strcmp(b, *v) == 0)
            return b;
    }
    return a;
}

static bool
routed(const struct flags *flags, const char *mode)
{
    return strcmp(flags->value[FLAG_ROUTING_MODE], mode) == 0;
}

/* The i-th rule that holds; each is one `case` so that it reads as the sentence it gives. */
static const char *
rule(const struct flags *flags, size_t i, bool *more)
{
    bool enabled = flag_on(flags, FLAG_ENABLED);
    bool blocked = flag_on(flags, FLAG_BLOCKED);
    bool bypass = flag_on(flags, FLAG_BYPASS);
    bool adapter = flag_on(flags, FLAG_ADAPTER);
    bool forced = flag_on(flags, FLAG_FORCE_LEGACY);

    switch (i) {
    case 0:
        return enabled && forced ? "TEAM_VNEXT_FORCE_LEGACY is on while dual write is on: the application uses the "
                                   "legacy tables only, so there is nothing to sync"
                                 : NULL;
    case 1:
        return enabled && adapter && !forced && routed(flags, "legacy_only")
                   ? "TEAM_VNEXT_ROUTING_MODE is legacy_only while dual write and the adapter are on: the adapter "
                     "sends everything to the legacy tables, so there is nothing to sync"
                   : NULL;
    case 2:
        return enabled && !blocked ? "TEAM_LEGACY_WRITE_BLOCKED is off while dual write is on: a direct legacy write "
                                     "is not refused, never reaches vNext, and the next sync overwrites it"
                                   : NULL;
    case 3:
        return enabled && bypass ? "TEAM_LEGACY_WRITE_BYPASS_ENABLED is on while dual write is on: a direct legacy "
                                   "write gets through, never reaches vNext, and the next sync overwrites it"
                                 : NULL;
    case 4:
        return flag_on(flags, FLAG_STRICT) && !enabled ? "TEAM_VNEXT_DUAL_WRITE_STRICT_MODE is on while dual write is "
                                                         "off: it has no effect until dual write is on"
                                                       : NULL;
    case 5:
        return !adapter && !routed(flags, "legacy_only")
                   ? "TEAM_VNEXT_ROUTING_MODE is not legacy_only while TEAM_VNEXT_ADAPTER_ENABLED is off: without the "
                     "adapter the mode has no effect"
                   : NULL;
    case 6:
        return forced && blocked && !bypass
                   ? "TEAM_VNEXT_FORCE_LEGACY and TEAM_LEGACY_WRITE_BLOCKED are on: the application is sent to legacy "
                     "tables that refuse its writes"
                   : NULL;
    case 7:
        return !enabled && adapter && !forced && (routed(flags, "vnext_primary") || routed(flags, "auto"))
                   ? "dual write is off while the adapter routes writes to vNext: the legacy tables fall behind, and "
                     "turning back shows old data, until dual write is on and has caught up"
                   : NULL;
    default:
        *more = false;
        return NULL;
    }
}

const char *
flags_warning(const struct flags *flags, size_t i)
{
    bool more = true;

    for (size_t r = 0; more; r++) {
        const char *text = rule(flags, r, &more);

        if (text != NULL && i-- == 0)
            return text;
    }
    return NULL;
}

bool
flags_same(const struct flags *a, const struct flags *b)
{
    for (int f = 0; f < FLAG_COUNT; f++)
        if (strcmp(a->value[f], b->value[f]) != 0)
            return false;
    return true;
}

char *
flags_json(const struct flags *flags)
{
    cJSON *object = cJSON_CreateObject();
    char *json;

    for (enum flag f = 0; f < FLAG_COUNT; f++)
        cJSON_AddStringToObject(object, flag_name(f), flags->value[f]);
    json = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    return json;
}

struct flags
flags_parse(const char *json)
{
    cJSON *object = cJSON_Parse(json);
    struct flags flags;

    for (enum flag f = 0; f < FLAG_COUNT; f++) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, flag_name(f)));

        flags.value[f] = text == NULL ? NULL : flag_value(f, text);
        if (flags.value[f] == NULL)
            flags.value[f] = flag_default(f);
    }
    cJSON_Delete(object);
    return flags;
}
