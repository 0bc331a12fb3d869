-- Whoever looks for ticks by time asks for their spans, which the index by span has. This one was one more to write for
-- each tick; and it asks autovacuum to sum up every sixteen pages, of which that remembers 256 from one minute to the
-- next: with 6,000 ticks a second or more PostgreSQL wrote several lines a second into its log.
DROP INDEX website_tick_by_time;
