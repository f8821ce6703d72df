/*
 * cmd_mapping.c - `dualwrited mapping WORD`: hands on to the command behind the word, cmd_mapping_WORD.c.
 */
#include "cmd_mapping.h"

#include <stdio.h>
#include <string.h>

#include "dualwrite/suggest.h"

static const struct command *const words[] = {&cmd_mapping_init, &cmd_mapping_show};

#define WORDS (sizeof words / sizeof words[0])
#define PREFIX (sizeof "mapping " - 1) /* of their names */

static void
print_help(FILE *out)
{
    fputs("usage: dualwrited mapping COMMAND [options]\n\n", out);
    for (size_t i = 0; i < WORDS; i++)
        fprintf(out, "  %-12s %s\n", words[i]->name + PREFIX, words[i]->summary);
    fputs("\n`dualwrited mapping COMMAND --help` lists a command's options.\n", out);
}

static int
unknown(const char *word)
{
    const char *known[WORDS];
    const char *nearest;

    for (size_t i = 0; i < WORDS; i++)
        known[i] = words[i]->name + PREFIX;
    nearest = suggest_nearest(word, known, WORDS);
    fprintf(stderr, "dualwrited mapping: unknown command \"%s\"", word);
    if (nearest != NULL)
        fprintf(stderr, "; \"%s\" is the nearest", nearest);
    fputs(" (dualwrited mapping --help lists them)\n", stderr);
    return EXIT_USAGE;
}

static int
run(const struct command *self, int argc, char **argv)
{
    (void) self;
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0) {
        print_help(stdout);
        return EXIT_GOOD;
    }
    for (size_t i = 0; i < WORDS; i++)
        if (strcmp(argv[1], words[i]->name + PREFIX) == 0)
            return words[i]->run(words[i], argc - 1, argv + 1);
    return unknown(argv[1]);
}

static const struct option_help options[] = {{NULL, NULL, NULL}};

const struct command cmd_mapping = {
    .name = "mapping",
    .summary = "`init` proposes a first mapping from two live schemas, `show` prints the SQL it becomes",
    .help = "", /* print_help() */
    .options = options,
    .run = run,
};
