# SPDX-License-Identifier: BSD-3-Clause
#
# family.pat: words of which one is enough, for those who have asked for it. Examples: ours.

gambling.words:/\b(casino|free spins|place (your|a) bets?|jackpot|betting)\b/i category=gambling view=folded weight=100
+ "Free spins tonight"
+ "F r e e  s p i n s tonight"
- "The jackdaw spins around"

adult.words:/\b(hot singles|18\+ only|xxx|escorts?)\b/i category=adult view=folded weight=100
+ "Hot singles near you"
- "The hot soup is for singles, too"

stranger.asks:/\b(send|give)\b.*\b(picture|photo|pic|selfie)s?\b|\bmeet (me|up)\b|\bhow old are you\b/i category=mark view=folded weight=1
+ "Send me a picture"
- "The picture hangs in the hall"
