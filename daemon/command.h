/*
 * command.h - what a command is: one row of the table in main.c and one file cmd_NAME.c.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>

#include "dualwrite/faults.h"
#include "settings.h"

/* Exit status (SPEC section 9; the large ones are those of sysexits.h). */
enum exit_status {
    EXIT_GOOD = 0,
    EXIT_FOUND = 1,
    EXIT_CRITICAL = 2,
    EXIT_USAGE = 64,
    EXIT_INPUT = 65,
    EXIT_UNREACHABLE = 69,
    EXIT_UNFINISHED = 70,
    EXIT_CONFIGURATION = 78,
};

struct option_help {
    const char *name; /* "config" */
    const char
        *argument; /* "FILE"; NULL when it takes none; "[DURATION]" when it may be left out, then only behind "=" */
    const char *help;
};

struct command {
    const char *name;
    const char *summary;                /* one line of --help */
    const char *help;                   /* the paragraph of COMMAND --help */
    const struct option_help *options;  /* ends with a NULL name; --help is every command's */
    const struct command *const *words; /* of one that only hands on: what it hands on to, NULL at the end */
    int (*run)(const struct command *self, int argc, char **argv);
    /* of one that takes names: calls `offer` with what may stand behind the options `words` that were typed; NULL: none */
    void (*offer_names)(int count, char **words, void (*offer)(const char *name, const char *meaning, void *arg),
                        void *arg);
};

extern const struct command cmd_run, cmd_install, cmd_uninstall, cmd_check, cmd_flags, cmd_status, cmd_failed,
    cmd_explain, cmd_reconcile, cmd_report, cmd_delta, cmd_gate, cmd_smoke, cmd_stage, cmd_rollback, cmd_reload,
    cmd_mapping, cmd_validate, cmd_monitor, cmd_constraints, cmd_healthcheck, cmd_completion;

/* The program itself: a command without a name, whose words are the table in main.c. */
extern const struct command program;

/* What a word of `self` is called behind it: "list" of "failed list". */
const char *command_word(const struct command *self, const struct command *c);

/*
 * `run` of a command that only hands on: argv[1] chooses among self->words, whose names begin with this one's. Without a
 * word, or with an unknown one, the usage and EXIT_USAGE.
 */
int command_hand_on(const struct command *self, int argc, char **argv);

/*
 * Walks argv[1..] against self->options: calls `take` for each option that is there. Returns EXIT_GOOD, or another
 * status to exit with: after --help was printed (then *helped), or after saying what is wrong, with the nearest known
 * option. Words that are no option are an error: no command takes any.
 */
int command_options(const struct command *self, int argc, char **argv, void *into,
                    int (*take)(void *into, const char *name, const char *argument), bool *helped);

/* "dualwrited: WHERE: text" on stderr, one line per fault, warnings marked so. */
void command_print_faults(const struct faults *faults);

/* The settings for a one-shot command, faults printed; NULL: exit with EXIT_CONFIGURATION. Free with settings_free(). */
struct settings *command_settings(const char *config_option);

/* Says on stderr that `argument` is not what option `name` takes, and what is; returns EXIT_USAGE. */
int command_bad_argument(const char *name, const char *argument, const char *accepted);

#endif
