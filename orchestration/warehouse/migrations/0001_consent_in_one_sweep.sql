-- Steps of the consent models that became one; as tables of no model they would hold on to people.
drop table if exists intermediate.int_consent__person_slices cascade;
drop table if exists intermediate.int_consent__person_verdicts cascade;
drop table if exists intermediate.int_consent__holder_events cascade;
