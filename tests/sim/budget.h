/* What confirmation costs in an hour of the virtual clock, beside the regular checks. */
#pragma once

/* Prints a line for each kind of trouble. 0; 1: one costs more than it may, or checks come in
 * bursts. */
int budget_run(void);
