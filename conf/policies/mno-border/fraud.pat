# SPDX-License-Identifier: BSD-3-Clause
#
# fraud.pat: a few signs of phishing, impostors and call-back fraud, and a mark for one-time codes. For more copy
# the files of patterns/sets here. Examples: ours.

@default category=phishing view=folded weight=60

bank.locked:/\b(account|card|profile)\b.*\b(locked|blocked|suspended|restricted)\b/i
+ "Your account has been locked"
- "Your account statement is ready"

bank.verify:/\b(verify|confirm|unlock|restore)\b.*\b(now|at|here|http)/i weight=50
+ "Verify now at http://x.example"
- "We can confirm Friday"

prize.won:/\b(you have|you've|u have|you) won\b/i
+ "You have won a prize"
- "Our team has won"

prize.claim:/\bclaim (your|the|ur)\b.*\b(prize|reward|gift)\b|\bclaim at\b/i weight=50
+ "claim your reward now"
- "baggage claim is on level 1"

impostor.number:/\b(mum|mom|dad)\b.*\bnew number\b/i category=impostor weight=60
+ "Hi mum, this is my new number"
- "Hi mum, I am on the train"

impostor.money:/\b(send|lend|transfer)\b.*\b(money|cash|gift cards?)\b/i category=impostor weight=50
+ "Can you send me money?"
- "Send me a postcard"

callback.premium:/^(\+44|0)9[018][0-9]{8}$/i field=number category=callback weight=60 view=sent
+ "call 0909 879 0123 now"
- "call 020 7946 0123 now"

callback.reason:/\b(missed (a |an )?call|message (is )?wait(s|ing)|call (it |us )?back)\b/i category=callback weight=30
+ "You missed a call"
- "The waiting room is on the left"

# A mark is no wrong: it is what limits and conditions ask for (hit = "mark.code").
mark.code:/\b[0-9]{4,8}\b.*\b(code|otp|pin)\b|\b(code|otp|pin)\b.*\b[0-9]{4,8}\b/i category=mark weight=1
+ "481516 is your sign-in code"
+ "Your code is 481516"
- "See you at 7"
