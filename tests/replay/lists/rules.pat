# The content of tests/replay/cases_lists.py: a lottery is refused; every second sender's trial is.
lottery:/lottery/i
trial:/trial/i state=sample:50%
