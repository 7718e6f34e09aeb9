#ifndef BM_CLI_SIGNALS_H
#define BM_CLI_SIGNALS_H

#include <stdatomic.h>

/* After this, SIGINT and SIGTERM write their number into the returned flag instead of ending the process; a second one
 * ends it at once. Call it before starting threads. */
const atomic_int *bm_cli_catch_signals(void);
void bm_cli_request_stop(void); /* as if SIGINT had come */

#endif
