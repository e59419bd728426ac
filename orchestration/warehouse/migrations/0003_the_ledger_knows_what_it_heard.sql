-- append_observed() takes a version since: the one without would stand beside it.
drop function if exists consent.append_observed(text);
