/* main.c - the table of commands, and nothing else. Each command is one file, cmd_NAME.c. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "dualwrite/suggest.h"
#include "version.h"

static const struct command *const commands[] = {&cmd_run,       &cmd_install, &cmd_uninstall,  &cmd_check,
                                                 &cmd_flags,     &cmd_status,  &cmd_failed,     &cmd_explain,
                                                 &cmd_reconcile, &cmd_mapping, &cmd_healthcheck};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void
print_help(FILE *out)
{
    fputs("usage: dualwrited COMMAND [options]\n\n"
          "Keeps legacy PostgreSQL tables in step with the vNext tables that replace them.\n\ncommands:\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`dualwrited COMMAND --help` lists a command's options, `dualwrited --version` says which this is.\n", out);
}

static int
unknown(const char *word)
{
    const char *known[COMMANDS];
    const char *nearest;

    for (size_t i = 0; i < COMMANDS; i++)
        known[i] = commands[i]->name;
    nearest = suggest_nearest(word, known, COMMANDS);
    fprintf(stderr, "dualwrited: unknown command \"%s\"", word);
    if (nearest != NULL)
        fprintf(stderr, "; \"%s\" is the nearest", nearest);
    fputs(" (dualwrited --help lists them)\n", stderr);
    return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EXIT_GOOD;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("dualwrited " DUALWRITE_VERSION);
        return EXIT_GOOD;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i]->name) == 0)
            return commands[i]->run(commands[i], argc - 1, argv + 1);
    return unknown(argv[1]);
}
