-- The live feed reads batches as they were signed, and nothing else looked for ticks by their batch: each of them paid
-- for that index.
DROP INDEX website_tick_by_batch;
