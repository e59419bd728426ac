-- These tables told by texts what their rows were made from, and tell it by one number now. They are
-- made anew from what they were made from before, with the same rows.
drop table if exists intermediate.int_journey__sessions cascade;
drop table if exists intermediate.int_journey__web_signals cascade;
drop table if exists intermediate.int_lifecycle__rule_intervals cascade;
drop table if exists intermediate.int_lifecycle__stage_intervals cascade;
drop table if exists intermediate.int_lifecycle__stage_moves cascade;
