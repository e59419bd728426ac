"""What a dbt run has to do at all: rules checked as files, models whose inputs or SQL changed.

``project`` reads the parsed dbt project, ``rules`` checks the rule files before anything is built,
``versions`` tells whether a table of the warehouse changed, ``records`` remembers what was built
from what, ``plan`` decides, ``checks`` evaluates simple data tests in one query a table, if
``guarantees`` does not answer them: what the server itself holds of the rows.
Never imports dagster or dbt.
"""
