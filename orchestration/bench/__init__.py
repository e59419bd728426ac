"""``tandem bench``: what each stage of a refresh costs at volume, against limits of the same run.

A volume company is written straight into raw tables by SQL, in a home of its own; the stages are
those of the job, called without Dagster. Figures are ratios first: seconds depend on the machine.
"""
