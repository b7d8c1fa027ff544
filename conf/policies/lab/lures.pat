# SPDX-License-Identifier: BSD-3-Clause
#
# lures.pat: patterns in the three states that a rule can have. Examples: ours.

@default category=try view=folded

lure.prize:/\byou have won\b/i weight=50
+ "You have won a prize"
- "We have one"

lure.account:/\baccount\b.*\blocked\b/i weight=50 state=sample=50%
+ "Your account has been locked"
- "Your account statement is ready"

lure.family:/\bnew number\b/i weight=100 state=shadow
+ "Hi mum, this is my new number"
- "Number 12 is new here"
