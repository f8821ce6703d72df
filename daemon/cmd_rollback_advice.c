#include "cmd_rollback.h"
static const struct option_help options[] = {{NULL, NULL, NULL}};
const struct command cmd_rollback_advice = {.name="rollback advice",.summary="x",.help="",.options=options};
