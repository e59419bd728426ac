-- append_observed() takes the name of a source since: the one without would stand beside it.
drop function if exists consent.append_observed();
