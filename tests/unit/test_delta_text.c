/*
 * test_delta_text.c - a comparison as Markdown, summary and text, from documents that are written here: what each number and
 * word becomes, and that no report's words do anything. Whole documents are in the golden files of test_delta.c.
 */
/* links: lib/core/delta.c lib/core/delta_expect.c lib/core/delta_text.c lib/core/delta_read.c lib/core/json_node.c lib/core/shown.c lib/base/faults.c lib/base/suggest.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/delta.h"
#include "text_sample.h"

static const char base[] =
    "{\"generated_at\": \"T\", \"version\": \"1.0\", \"before\": {}, \"after\": {}, \"metrics\": {}, \"expectations\": "
    "[], "
    "\"recommendations\": [], \"warnings\": [], \"summary\": {\"held\": 1, \"missed\": 0, \"not_known\": 2}}";

enum form { MARKDOWN, SUMMARY, TEXT };

static char *
told(const char *patch, enum form form)
{
    cJSON *doc = document_with(base, patch);
    struct buf out = {0};

    (form == MARKDOWN ? delta_markdown : form == SUMMARY ? delta_summary : delta_text)(&out, doc);
    cJSON_Delete(doc);
    must_be_harmless(buf_text(&out), 0);
    return buf_steal(&out);
}

#define METRIC(more) "{\"metrics\": {\"coverage\": {\"m\": {\"label\": \"Teams\", " more "}}}}"
#define EXPECT(held)                                                                                                   \
    "{\"expectations\": [{\"title\": \"A title\", \"expected\": \"0 after\", \"found\": \"3 | 4\", \"held\": " held    \
    ", \"next\": \"dualwrited x\"}]}"

static void
test_numbers(void **state)
{
    static const struct {
        const char *patch, *row; /* of the Markdown */
    } cases[] = {
        {METRIC("\"unit\": \"count\", \"before\": 1000, \"after\": 1234567, \"difference\": 1233567"),
         "| Teams | 1 000 | 1 234 567 | +1 233 567 |\n"},
        {METRIC("\"unit\": \"count\", \"before\": 5, \"after\": 3, \"difference\": -2, \"change_percent\": -40"),
         "| Teams | 5 | 3 | -2 (-40.00 %) |\n"},
        {METRIC("\"unit\": \"count\", \"before\": 5, \"after\": 5, \"difference\": 0, \"change_percent\": 0"),
         "| Teams | 5 | 5 | 0 |\n"},
        /* a part of another number: its share, and the change in points */
        {METRIC("\"unit\": \"count\", \"before\": 1, \"before_percent\": 10, \"after\": 3, \"after_percent\": 30.126, "
                "\"difference\": 2, "
                "\"difference_percent\": 20.126, \"change_percent\": 200"),
         "| Teams | 1 (10.00 %) | 3 (30.13 %) | +2 (+20.13 points) |\n"},
        {METRIC("\"unit\": \"count\", \"before\": 1, \"before_percent\": 10, \"after\": 1, \"after_percent\": 10, "
                "\"difference\": 0, "
                "\"difference_percent\": 0"),
         "| Teams | 1 (10.00 %) | 1 (10.00 %) | 0 |\n"},
        {METRIC("\"unit\": \"percent\", \"before\": 25, \"after\": 24.5, \"difference\": -0.5, \"change_percent\": -2"),
         "| Teams | 25.00 % | 24.50 % | -0.50 points |\n"},
        {METRIC("\"unit\": \"seconds\", \"before\": 0.1, \"after\": 2, \"difference\": 1.9"),
         "| Teams | 0.10 s | 2.00 s | +1.90 s |\n"},
        {METRIC("\"unit\": \"count\", \"before\": null, \"after\": 3, \"difference\": null"),
         "| Teams | - | 3 | - |\n"},
        {METRIC("\"unit\": \"percent\", \"before\": 3, \"after\": null"), "| Teams | 3.00 % | - | - |\n"},
        {METRIC("\"unit\": \"count\", \"before\": null, \"after\": null"), "## Coverage\n\nNeither report has it.\n"},
        {"{\"metrics\": {\"dual_write_health\": {}}}", "## Dual write health\n\nNeither report has it.\n"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = told(cases[i].patch, MARKDOWN);

        text_has(text, cases[i].row);
        free(text);
    }
}

static void
test_parts(void **state)
{
    static const struct {
        enum form form;
        const char *patch, *has, *has_not;
    } cases[] = {
        {MARKDOWN, "{}",
         "# Validation reports compared\n\nMade T by dualwrited 1.0. In short: what was expected held: 1 held, 0 did "
         "not, 2 "
         "could not be seen.\n",
         NULL},
        {MARKDOWN, "{}",
         "| Report |  |  |\n| Made at | not known | not known |\n| Dual write | not known | not known |\n", NULL},
        {MARKDOWN,
         "{\"after\": {\"dual_write_enabled\": true, \"dual_write_strict_mode\": false, \"legacy_write_blocked\": 1}}",
         "| Dual write | not known | on |\n| Strict mode | not known | off |\n| Direct legacy writes blocked | not "
         "known | not known |\n",
         NULL},
        {MARKDOWN,
         "{\"before\": {\"filters\": {\"game_id\": 1, \"region\": null, \"x\": \"a|b\"}, \"sample_size\": 1000}, "
         "\"after\": "
         "{\"filters\": {\"region\": null}}}",
         "| Sample size | 1 000 | - |\n| Filters | game_id=1, x=\"a\\|b\" | none |\n", NULL},
        {MARKDOWN, "{\"before\": {\"filters\": null}}", "| Filters | not known | not known |\n", NULL},
        {MARKDOWN, EXPECT("true"), "| ✓ | A title | 0 after | 3 \\| 4 |\n", "dualwrited x"},
        {MARKDOWN, EXPECT("false"), "| ✗ | A title | 0 after | 3 \\| 4 |\n", NULL},
        {MARKDOWN, EXPECT("null"), "| ? | A title | 0 after | 3 \\| 4 |\n", NULL},
        {MARKDOWN, "{}",
         "## Odd in the reports\n\nNothing: the reports can be compared, and every key of them was read.\n", NULL},
        {MARKDOWN, "{\"warnings\": [{\"where\": \"a.json\", \"text\": \"is <odd>\"}]}", "- a.json: is \\<odd\\>\n",
         "Nothing:"},
        {SUMMARY, EXPECT("true"), "- [x] A title: 3 \\| 4\n", "(expected"},
        {SUMMARY, EXPECT("false"), "- [ ] A title: 3 \\| 4 (expected: 0 after; run `dualwrited x`)\n", "[x]"},
        {SUMMARY, EXPECT("null"),
         "\nNot to be seen in these reports:\n\n- [ ] A title: 3 \\| 4 (expected: 0 after; run", NULL},
        {SUMMARY, "{\"summary\": {\"held\": 3, \"missed\": 0, \"not_known\": 0}}",
         "**Result:** what was expected held: 3 held", "Not to be seen"},
        {SUMMARY,
         "{\"metrics\": {\"coverage\": {\"vnext_team_count\": {\"label\": \"vNext teams\", \"unit\": \"count\", "
         "\"before\": 1, "
         "\"after\": 2, \"difference\": 1}}}}",
         "| Key number | Before | After | Difference |\n|---|---:|---:|---:|\n| vNext teams | 1 | 2 | +1 |\n", NULL},
        {TEXT, METRIC("\"unit\": \"count\", \"before\": 1, \"after\": 2, \"difference\": 1"),
         "-      before  after  difference\nTeams  1       2      +1\n", "Neither"},
        {TEXT, METRIC("\"unit\": \"count\", \"before\": null, \"after\": null"), "before  after  difference\n\n",
         "Teams"},
        {TEXT, EXPECT("false"), "✗ A title: 3 | 4 (expected: 0 after)\n", "\\|"},
        {TEXT, EXPECT("true"), "✓ A title: 3 | 4\n", "expected:"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = told(cases[i].patch, cases[i].form);

        text_has(text, cases[i].has);
        if (cases[i].has_not != NULL)
            text_has_not(text, cases[i].has_not);
        free(text);
    }
}

/* What a report says is text in Markdown: no tag, link, heading, table or list of its own; code between backquotes stays. */
static void
test_markdown_is_inert(void **state)
{
    static const struct {
        const char *said, *shown; /* JSON; as it must stand there */
    } cases[] = {
        {"<script>x</script>", "- \\<script\\>x\\</script\\>\n"},
        {"[a](javascript:b)", "- \\[a\\](javascript:b)\n"},
        {"![a](b) *c* \\\\d", "- !\\[a\\](b) \\*c\\* \\\\d\n"},
        {"a\n\n# b", "- a\\\\n\\\\n# b\n"},
        {"run `a | b <c>` | d", "- run `a | b <c>` \\| d\n"},
        {"one ` is no code <b>", "- one ` is no code \\<b\\>\n"},
        {"`a` <b> `c` <d> ` <e>", "- `a` \\<b\\> `c` \\<d\\> ` \\<e\\>\n"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf patch = {0};
        char *text;

        buf_printf(&patch, "{\"recommendations\": [\"%s\"]}", cases[i].said);
        for (enum form form = MARKDOWN; form <= SUMMARY; form++) {
            text = told(buf_text(&patch), form);
            text_has(text, cases[i].shown);
            free(text);
        }
        buf_free(&patch);
    }
}

/* Every word of a report that steers a terminal, in each of the three. told() looks. */
static void
test_hostile(void **state)
{
    static const char patch[] =
        "{\"before\": {\"file\": \"" HOSTILE_JSON "\", \"generated_at\": \"" HOSTILE_JSON
        "\", \"filters\": {\"" HOSTILE_JSON "\": \"" HOSTILE_JSON "\"}}, \"recommendations\": [\"" HOSTILE_JSON
        "\"], \"warnings\": [{\"where\": \"" HOSTILE_JSON "\", \"text\": \"" HOSTILE_JSON
        "\"}], \"expectations\": [{\"title\": \"t\", \"expected\": \"e\", \"found\": \"" HOSTILE_JSON
        "\", \"held\": null, \"next\": \"n\"}]}";

    (void) state;
    for (enum form form = MARKDOWN; form <= TEXT; form++) {
        char *text = told(patch, form);

        text_has(text, "u{1b}");
        text_has_not(text, "\xe2\x80\xae");
        free(text);
    }
}

static void
test_half_documents(void **state)
{
    static const char *const documents[] = {
        "{}", "{\"metrics\": {\"coverage\": {\"m\": {}}}, \"expectations\": [{}], \"warnings\": [{}]}"};

    (void) state;
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        for (enum form form = MARKDOWN; form <= TEXT; form++) {
            cJSON *doc = document_of(documents[i]);
            struct buf out = {0};

            (form == MARKDOWN ? delta_markdown : form == SUMMARY ? delta_summary : delta_text)(&out, doc);
            text_has(buf_text(&out), "0 held, 0 did not, 0 could not be seen");
            buf_free(&out);
            cJSON_Delete(doc);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_parts),          cmocka_unit_test(test_markdown_is_inert),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_half_documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
