# SPDX-License-Identifier: BSD-3-Clause
#
# callback.pat: texts that make one call a number that costs.
#
# A premium number and a reason to call it; neither alone reaches a threshold of policy.conf, nor do
# two reasons without a number. Numbers are matched in normal form (digits, a leading +).
# National forms mean something else in another country: 09 and nine digits is a mobile telephone in
# the Philippines and in Iran, 089 and seven digits one in Thailand. Switched on are the British
# ones; those of other countries are in state shadow until an operator there says on.
# Ranges: the public numbering plans (Ofcom, BNetzA, ARCEP, CNMC, AGCOM, ACM, NANPA).
#
# Examples: ours.

@default category=callback

callback.premium:/^(\+44|0)9[018][0-9]{8}$/i field=number weight=80 note="United Kingdom 090, 091, 098"
+ "call 0909 879 0123 now"
- "call 020 7946 0123 now"

callback.premium.abroad:/^\+(1900[2-9][0-9]{6}|49(900[1359]|137)[0-9]{4,8}|338(1|2|9)[0-9]{7}|34(80[367]|905)[0-9]{6}|3989[29][0-9]{3,7}|3190[069][0-9]{4,7}|35176[01][0-9]{6}|6119[0-9]{5,8}|43(9[03])[0-9]{5,9}|4190[0169][0-9]{6}|4870[0-9]{7}|7(80[349])[0-9]{7})$/i field=number weight=80 note="premium ranges of other countries, in international form"
+ "call +1 900 555 0199"
+ "Rufen Sie +49 900 3 123456 an"
- "call +1 800 555 0199"
- "call +44 20 7946 0123"

callback.special:/^(\+44|0)(87[0-3][0-9]{7}|70[0-9]{8})$/i field=number weight=50 note="United Kingdom 087 and 070: dearer than they look, but lawful services use them"
+ "call 08712 345678"
- "call 0800 123 4567"

callback.premium.us:/^1?900[2-9][0-9]{6}$/i field=number state=shadow weight=70 note="North America 900"
+ "call 1-900-555-0199"
- "call 1-800-555-0199"

callback.premium.de:/^0(900[1359]|137)[0-9]{4,8}$/i field=number state=shadow weight=70 note="Germany 0900, 0137"
+ "Rufen Sie 0900 3 123456 an"
- "Rufen Sie 030 1234567 an"

callback.premium.fr:/^08(1|2|9)[0-9]{7}$/i field=number state=shadow weight=70 note="France 081, 082, 089"
+ "Appelez le 0899 12 34 56"
- "Appelez le 01 23 45 67 89"

callback.premium.es:/^(80[367]|905)[0-9]{6}$/i field=number state=shadow weight=70 note="Spain 803, 806, 807, 905"
+ "Llame al 806 123 456"
- "Llame al 912 345 678"

callback.premium.it:/^89[29][0-9]{6}$/i field=number state=shadow weight=70 note="Italy 892, 899"
+ "Chiama 899 123 456"
- "Chiama 06 1234 5678"

callback.premium.nl:/^090[069][0-9]{4,7}$/i field=number state=shadow weight=70 note="Netherlands 0900, 0906, 0909"
+ "Bel 0906-1234567"
- "Bel 020 123 4567"

callback.far:/^\+(21[68]|22[0247]|23[1-9]|24[0-79]|25[2378]|26[1459]|37[0125]|67[0-9]|68[0-9]|69[0-2]|88[123]|87[08])[0-9]{5,11}$/i field=number weight=50 note="ranges that one-ring frauds bill through; people live there too"
+ "call +252 61 5550123"
- "call +44 20 7946 0123"

# ---- reasons to call ----

callback.reveal:/\b(secret admirer|someone (u|you|who|that)? ?.*(fancies|likes|admires|know)|fancies you|find out who|reveal(s|ed)?|who (they|it|he|she) (r|are|is)\b)/i view=folded weight=30 note="somebody likes you"
+ "A secret admirer thinks of you"
- "Guess what is for dinner tonight"
- "Find out when the train leaves"

callback.waiting:/\b(urgent|important|new|waiting|unread|voice) (voice ?)?(message|voicemail|msg|sms|announcement)s?\b.*\b(waiting|await|for you|call|from|collect)|\b(message|voicemail|announcement|call)s?\b.*\b(waiting|awaiting|await)\b|\bcustomer service announcement\b|\bimmediately as there is\b/i view=folded weight=30 note="a message waits"
+ "A new voicemail is waiting, call now"
- "Are you still waiting for me?"

callback.missed:/\bmissed (a |an )?(urgent |important )?(call|delivery)\b.*\b(call|ring|dial) (back|us|now|on)\b|\b(call|ring|phone) (us |me |this number )?back\b.*\b(urgent|immediately|asap|now|important)|\btried (to|2) (call|contact|reach) (you|u)\b/i view=folded weight=30 note="call us back"
+ "You missed an urgent call. Call back on"
- "Sorry I missed your call, talk to you later"

callback.prize:/\b(claim|prize|won|winner|award(ed)?|reward|collect|holiday|complimentary|free|cash|voucher|guaranteed|chosen|selected)\b/i view=folded weight=30 note="a prize, with a number that costs"
+ "to claim your prize call"
- "see you at the station"

callback.chat:/\b(sexy|horny|xxx|naughty|dirty|hot|live|gay|adult|dating|date|blind date|flirt|chat|singles|girls)\b.*\b(call|dial|chat|ring|text|txt|line)\b|\b(call|dial|ring)\b.*\b(sexy|horny|xxx|naughty|adult|dating|flirt|girls|singles|chat)\b/i view=folded weight=30 note="chat lines"
+ "Call our girls now"
- "Set a reminder for the dentist"

callback.cost:/\b[0-9]{1,3}([.,][0-9]{1,2})? ?(p|pence|ppm|pm|ct|cents?|c)( ?\/ ?| ?per | a |p)?(min(ute)?|msg|txt|call|sms|m)?\b.*\b(min|msg|call|landline|mobile|fixed)|\b[0-9]{2,3} ?ppm|\bppm ?[0-9]{2,3}|£ ?[0-9]\.?[0-9]{0,2} ?(\/|per|p) ?(min|msg|wk|week|call|pm|m)|\b[0-9]{2,3} ?p ?(\/|per) ?(min|msg|txt|call)|\bcalls? ?costs? ?(£|[0-9])|\bcost ?(£)?[0-9.]+ ?(p|ppm|\/|per)/i view=folded weight=30 note="what the call costs, in small print"
+ "Calls cost 150ppm, mobiles vary"
+ "call now 10p/min"
- "It costs 10 each, I paid already"
