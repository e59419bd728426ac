-- Answers are kept per key, and put together for persons where they are asked for: as tables of no
-- model these would hold on to people.
drop table if exists intermediate.int_consent__holder_intervals cascade;
drop view if exists intermediate.int_consent__holder_inputs cascade;
drop view if exists intermediate.int_consent__person_policies cascade;
