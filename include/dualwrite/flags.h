/*
 * flags.h - the TEAM_ flags: what they are, which value of each is the safer one, and how several views become one.
 *
 * Pure. The database keeps the same rules in dualwrite.effective_flag (lib/sql/install), because triggers obey them
 * too; a test compares the two over every combination.
 */
#ifndef DUALWRITE_FLAGS_H
#define DUALWRITE_FLAGS_H

#include <stdbool.h>
#include <stddef.h>

enum flag {
    FLAG_ENABLED,      /* TEAM_VNEXT_DUAL_WRITE_ENABLED */
    FLAG_STRICT,       /* TEAM_VNEXT_DUAL_WRITE_STRICT_MODE */
    FLAG_BLOCKED,      /* TEAM_LEGACY_WRITE_BLOCKED */
    FLAG_BYPASS,       /* TEAM_LEGACY_WRITE_BYPASS_ENABLED */
    FLAG_ADAPTER,      /* TEAM_VNEXT_ADAPTER_ENABLED */
    FLAG_FORCE_LEGACY, /* TEAM_VNEXT_FORCE_LEGACY */
    FLAG_ROUTING_MODE, /* TEAM_VNEXT_ROUTING_MODE, the only one that is a word */
    FLAG_COUNT
};

/* A word each: "true", "false", or the routing mode. Static strings, never NULL once set. */
struct flags {
    const char *value[FLAG_COUNT];
};

/* The key in the env file, the published settings and the override. */
const char *flag_name(enum flag f);

/* FLAG_COUNT when there is no such flag; the other name of BLOCKED is known. */
enum flag flag_by_name(const char *name);

const char *flag_default(enum flag f);

/* The static string for a value ("TRUE", "yes", "vnext_only"), NULL when the flag does not take it. */
const char *flag_value(enum flag f, const char *text);

/* The safer of two values: ENABLED, STRICT, BYPASS, ADAPTER off; BLOCKED, FORCE_LEGACY on; legacy_only before auto
 * before vnext_primary before vnext_only. */
const char *flag_safer(enum flag f, const char *a, const char *b);

static inline bool
flag_on(const struct flags *flags, enum flag f)
{
    return flags->value[f][0] == 't';
}

bool flags_same(const struct flags *a, const struct flags *b);

/* {"NAME": "value", ...}, as a daemon registers its view and the legacy database gets those in force; free() it. */
char *flags_json(const struct flags *flags);

/* The same back. What is missing or not taken is the default; also where `json` is no object at all. */
struct flags flags_parse(const char *json);

/*
 * Combinations that make dual write pointless or dangerous. Returns the i-th warning as a static sentence, or NULL
 * when there are no more.
 */
const char *flags_warning(const struct flags *flags, size_t i);

#endif
