/* Which ticks of an hour are paid: each that was in time and agrees with the verdict of its moment,
 * or with one that began before its order had to be looked at again; a tick that is there twice
 * once. The rules are those of ledger_hour_close() in sql/, which it is held against; see
 * sql/README.md, "Rollups and rewards". Pure. */
#pragma once

#include "base/macro.h"
#include "hub/verdict.h"
#include "store/closing.h"

typedef struct HourRewards HourRewards;

int hour_rewards_new(HourRewards **ret);
HourRewards *hour_rewards_free(HourRewards *r);
DEFINE_FREEP(HourRewards, hour_rewards_free);

typedef struct HourVerdict {
        VerdictState state;
        usec_t started, ended;
} HourVerdict;

/* Of a website, by their start; borrowed. */
typedef struct HourVerdicts {
        const HourVerdict *verdicts;
        size_t n;
} HourVerdicts;

/* A tick of that website and when it started. 0, -ENOMEM. */
int hour_rewards_claim(HourRewards *r, const PageTick *tick, usec_t start, HourVerdicts verdicts);

/* Of all that claim, the orders that say whether one is paid that does not agree with the verdict
 * of its moment: until when one may begin that it agrees with. Each once; borrowed. 0, -ENOMEM. */
int hour_rewards_orders(HourRewards *r, ClosingIds *ret);
/* After that: those of these that there are, by id. Nobody claims any more. 0, -ENOMEM. */
int hour_rewards_pay(HourRewards *r, const ClosingOrder *orders, size_t n);

/* Of all that were paid: each validator once. 0, -ENOMEM; *ret is freed by the caller. */
int hour_rewards_list(const HourRewards *r, ClosingReward **ret, size_t *ret_n);
