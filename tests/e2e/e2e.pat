# SPDX-License-Identifier: BSD-3-Clause
# The rule of the live tests; what they send and want refused says one of these.
e2e.lottery:/lottery jackpot/i view=folded
+ "You hit the lottery jackpot"
+ "L0TTERY JACKPOT"
- "The lottery is closed today"
