/* test_report_text.c - the validation report for people: a whole one, and what each part says when there is more or less to say. */
/* links: lib/core/report.c lib/core/report_text.c lib/core/shown.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/report.h"
#include "text_sample.h"

static struct report
plain(void)
{
    struct report r = {.generated_at = "2026-01-25T20:50:00.000Z",
                       .sample_size = 50,
                       .enabled = true,
                       .blocked = true,
                       .seconds = 1.26,
                       .installed = true,
                       .map = "public.team_map",
                       .legacy_active = 12000,
                       .vnext_active = 9000,
                       .mapped = 9001,
                       .legacy_mapped = 9000,
                       .sampled = 50,
                       .created = "created_at",
                       .backlog_exact = true,
                       .recorded = true};

    report_begin(&r);
    return r;
}

/* The text of the report, which it ends; nothing of it is wider than 80 columns. */
static char *
told(struct report *r)
{
    cJSON *document = report_document(r);
    struct buf out = {0};

    report_text(&out, r, document);
    cJSON_Delete(document);
    report_end(r);
    must_be_harmless(buf_text(&out), 80);
    return buf_steal(&out);
}

static void
check(struct report *r, const char *part, const char *not_this)
{
    char *text = told(r);

    text_has(text, part);
    if (not_this != NULL)
        text_has_not(text, not_this);
    free(text);
}

static void
test_whole(void **state)
{
    struct report r = plain();
    char *text;

    (void) state;
    r.legacy_active = r.vnext_active = r.mapped = r.legacy_mapped = 10;
    text = told(&r);
    assert_string_equal(text, "Validation report of 2026-01-25T20:50:00.000Z (1.3 s)\n"
                              "  sample size                 50\n"
                              "  filters                     none\n"
                              "  flags                       dual write on, strict mode off, legacy writes\n"
                              "                              blocked\n"
                              "\nCoverage\n"
                              "  legacy teams (active)       10\n"
                              "  vNext teams (active)        10\n"
                              "  mapped teams                10\n"
                              "  legacy teams with mapping   10\n"
                              "  unmapped legacy teams       0\n"
                              "  mapping coverage            100.00 %\n"
                              "\nMapping health of public.team_map\n"
                              "  map rows                    10\n"
                              "  duplicate legacy ids        0\n"
                              "  duplicate vNext ids         0\n"
                              "  orphans                     0\n"
                              "  retired (vNext deleted)     0\n"
                              "\nConsistency\n"
                              "  sampled teams               50\n"
                              "  name mismatches             0\n"
                              "  slug mismatches             0\n"
                              "  member count mismatches     0\n"
                              "  ranking mismatches          0\n"
                              "\nDual-write health\n"
                              "  vNext teams of 24 h         0\n"
                              "  ... without a legacy team   0\n"
                              "  severity                    ok\n"
                              "  waiting events              0\n"
                              "  failed events               0\n"
                              "  processed in 24 h           0\n"
                              "  inline legacy writes 24 h   0\n"
                              "\nRecommendations\n"
                              "  ✅ SUCCESS: all checks passed. Next: dualwrited gate\n");
    free(text);
}

static void
test_meta_and_coverage(void **state)
{
    struct report r;

    (void) state;
    r = plain(), r.game = "2";
    check(&r, "  filters                     game_id=2\n", "region");
    r = plain(), r.region = "eu";
    check(&r, "  filters                     region=eu\n", "game_id");
    r = plain(), r.game = "2", r.region = "eu";
    check(&r, "  filters                     game_id=2, region=eu\n", NULL);
    r = plain(), r.enabled = false, r.strict = true, r.blocked = false;
    check(&r, "dual write off, strict mode on, legacy writes not\n                              blocked\n",
          "as the settings");
    r = plain(), r.installed = false;
    check(&r, "(as the settings say: dualwrite is not\n                              installed)\n", NULL);
    r = plain();
    check(&r, "  legacy teams (active)       12 000\n", NULL);
    r = plain();
    check(&r, "  unmapped legacy teams       3 000\n  mapping coverage            75.00 %\n", NULL);
}

/* The first few are listed, the count is whole. */
static void
test_lists(void **state)
{
    struct report r = plain();

    (void) state;
    r.map = NULL;
    check(&r, "\nMapping health: skipped, because the mapping has no map table\n", "Mapping health of");
    r = plain(), r.legacy_twice_count = 2;
    report_add(r.legacy_twice, report_id("9223372036854775807", true), 10);
    report_add(r.legacy_twice, report_id("a b", false), 10);
    check(&r, "  duplicate legacy ids        2: 9223372036854775807, a b\n", "...,");
    r = plain(), r.vnext_twice_count = 1234;
    for (int i = 0; i < 9; i++)
        report_add(r.vnext_twice, report_id("5", true), 10);
    check(&r, "  duplicate vNext ids         1 234: 5, 5, 5, 5, 5, ...\n", NULL);
    r = plain(), r.orphan_count = 7;
    for (int i = 0; i < 7; i++) {
        cJSON *orphan = cJSON_CreateObject();

        cJSON_AddStringToObject(orphan, "type", "missing_legacy");
        cJSON_AddItemToObject(orphan, "mapping_id", report_id("3", true));
        cJSON_AddItemToObject(orphan, REPORT_LEGACY_ID, report_id("12345678901234567890", true));
        cJSON_AddItemToObject(orphan, REPORT_VNEXT_ID, report_id(NULL, true));
        report_add(r.orphans, orphan, 10);
    }
    check(&r,
          "  orphans                     7\n"
          "    missing_legacy: map row 3, legacy team 12345678901234567890, vNext team none\n",
          NULL);
    r = plain();
    for (int i = 0; i < 6; i++)
        report_add(r.orphans, document_of("{\"type\": \"t\"}"), 10);
    check(&r, "    t: map row none, legacy team none, vNext team none\n    ... (--format=json lists more)\n", NULL);
}

static void
test_samples(void **state)
{
    struct report r = plain();

    (void) state;
    r.mismatches[REPORT_NAMES] = 1;
    r.skipped[REPORT_RANKINGS_PART] = "the mapping has no rankings";
    report_add(
        r.samples[REPORT_NAMES],
        document_of("{\"vnext_team_id\": 1, \"legacy_team_id\": null, \"vnext_name\": \"\", \"legacy_name\": null}"),
        5);
    report_add(r.samples[REPORT_MEMBERS],
               document_of("{\"vnext_team_id\": 2, \"legacy_team_id\": 3, \"vnext_count\": 4, \"legacy_count\": 5}"),
               5);
    check(&r,
          "  name mismatches             1\n"
          "    team 1, legacy none: vNext \"\", legacy NULL\n"
          "  slug mismatches             0\n"
          "  member count mismatches     0\n"
          "    team 2, legacy 3: vNext 4, legacy 5\n"
          "  ranking mismatches          skipped, because the mapping has no rankings\n",
          NULL);
}

static void
test_health(void **state)
{
    struct report r = plain();

    (void) state;
    r.enabled = false;
    check(&r, "\nDual-write health\n  none, because dual write is off\n", "severity");
    r = plain(), r.installed = false;
    check(&r, "  none, because dualwrite is not installed yet\n", "severity");
    r = plain(), r.created = NULL;
    check(&r, "  vNext teams of 24 h         skipped, because no column of vNext says when a", NULL);
    r = plain(), r.backlog = 5, r.oldest_seconds = 61;
    check(&r, "  waiting events              5, the oldest for 1 min 1 s\n", "about");
    r = plain(), r.backlog = 5000, r.backlog_exact = false;
    check(&r, "  waiting events              about 5 000, the oldest for 0.0 s\n", NULL);
    r = plain(), r.inline_writes = 3;
    check(&r, "  inline legacy writes 24 h   3\n", "proves nothing");
    r = plain(), r.recorded = false;
    check(&r, "  inline legacy writes 24 h   0 (proves nothing: the guard is off, so writes", NULL);
    r = plain(), r.missing = 2;
    report_add(r.missing_list, document_of("{\"vnext_team_id\": 7, \"created_at\": \"T1\", \"legacy_team_id\": null}"),
               5);
    report_add(r.missing_list, document_of("{\"vnext_team_id\": 8, \"created_at\": null, \"legacy_team_id\": 9}"), 5);
    check(&r,
          "  ... without a legacy team   2\n"
          "    team 7 of T1: no map row\n"
          "    team 8 of none: a map row, but no legacy team\n"
          "  severity                    warning\n",
          NULL);
}

/* Names, ids and filters are whatever a table holds: no line is forged, and none is too wide. told() looks. */
static void
test_hostile(void **state)
{
    static const char wide[] =
        "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww";
    struct report r = plain();
    struct buf sample = {0};

    (void) state;
    r.region = "eu\n\x1b[31mRecommendations";
    r.map = wide;
    r.skipped[REPORT_SLUGS] = "x\ny";
    r.legacy_twice_count = 1;
    report_add(r.legacy_twice, report_id(wide, false), 5);
    buf_printf(&sample,
               "{\"vnext_team_id\": \"" HOSTILE_JSON "\", \"legacy_team_id\": \"%s\", \"vnext_name\": \"" HOSTILE_JSON
               "\", \"legacy_name\": \"%s %s\"}",
               wide, wide, wide);
    report_add(r.samples[REPORT_NAMES], document_of(buf_text(&sample)), 5);
    check(&r, HOSTILE_SHOWN, "\nRecommendations\n\n");
    buf_free(&sample);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),  cmocka_unit_test(test_meta_and_coverage),
        cmocka_unit_test(test_lists),  cmocka_unit_test(test_samples),
        cmocka_unit_test(test_health), cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
