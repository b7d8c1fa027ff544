# SPDX-License-Identifier: BSD-3-Clause
#
# impostor.pat: somebody who says to be your child, mother or boss, with a new number and a need of money.
#
# Families do write from new numbers. What tells is the new number, the broken telephone and the
# favour together: relation and new number are one rule, the favour another. Rules on bank accounts are
# in state shadow: people who sell a bicycle send their account as well.
#
# Examples: ours.

@default category=impostor view=folded weight=60

impostor.family:/\b(mum|mom|mummy|mam|mama|dad|daddy|papa|grandma|it'?s me)\b.*\b(my|is my|this is|a|got|have) (new|temp(orary)?) (number|mobile)\b|\b(mum|mom|mummy|dad|it'?s me)\b.*\b(phone|mobile|cell)\b.*\b(broke|broken|lost|dropped|died|smashed|damaged|toilet|water)\b/i
+ "Hello mum, this is my new number, save it please"
+ "It's me, my old phone is broken"
- "Mum, the train is late, don't wait with dinner"
- "Mom's new phone case has arrived"
- "Dad, the new number of the garage is 01632 960777."

impostor.favour:/\b(whatsapp|urgent|favou?r|transfer|pay(ment)?|bill|money|bank|gift ?cards?|refund you|pay you back|reimburse)\b/i weight=40 note="what is wanted; says nothing by itself"
+ "it is urgent, could you pay for me?"
- "dinner at eight?"

impostor.boss:/\b(i'?m|i am|are you) (in|at) (a|the|your) (meeting|conference|desk|office)\b.*\b(gift ?cards?|itunes|vendor payment|wire|confidential|scratch)/i weight=100
+ "I'm in a meeting, please buy 5 Apple gift cards and send me the codes"
- "I'm in a meeting, call you later"

impostor.es:/\b(mama|papa|soy yo)\b.*\b(numero|telefono|movil|celular)\b.*(nuevo|temporal|perdi|rompi|roto|cambi).*(pago|ayud|transf|whatsapp|urgente|dinero)|\b(mama|papa)\b.*(perdi|rompi|se me).*(nuevo|temporal).*(pago|ayud|transf|whatsapp|urgente|dinero)/i weight=100
+ "Mamá, se me rompió el móvil y tengo número nuevo. ¿Me haces una transferencia urgente?"
- "Mamá, llego tarde a comer"

impostor.fr:/\b(maman|papa|mamie)\b.*(casse|perdu|tombe|nouveau numero).*(whatsapp|paiement|virement|urgent|aide|numero)/i weight=100
+ "Coucou papa, téléphone perdu. Il me faut de l'aide pour un virement"
- "Maman, tu viens me chercher à 17h ?"

impostor.de:/\b(mama|papa|oma|opa)\b.*(handy|telefon|nummer)\b.*(kaputt|verloren|neue|wasser).*(whatsapp|uberweis|zahl|dringend|nummer|schreib)/i weight=100
+ "Hallo Mama, mein Handy ist kaputt, das ist meine neue Nummer. Schreib mir auf WhatsApp"
- "Mama, mein Zug hat Verspätung"

impostor.nl:/\b(mam|mama|pap|papa|oma)\b.*(telefoon|mobiel|nummer)\b.*(kapot|kwijt|nieuwe?).*(betaling|overmaken|whatsapp|spoed|help)/i weight=100
+ "Hallo pap, mobiel kwijt! Wil je vandaag iets voor me overmaken?"
- "Hoi mam, ben je thuis?"

impostor.pt:/\b(mae|pai|mamae|vo)\b.*(celular|numero|telefone)\b.*(quebr|novo|perdi|caiu).*(pag|pix|transf|ajuda)|\b(mae|pai|mamae)\b.*quebrei.*(numero novo).*(pag|pix|transf|ajuda)/i weight=100
+ "Pai, o celular caiu na água, fala comigo aqui. Faz um pix para mim?"
- "Mãe, o pão acabou, compra mais"

impostor.id:/\b(belikan|beliin|bliin|isi|isiin|kirim(i|kan|in)?|isi'in|isikan)\b.*(mama|mamah|papa|ayah|ibu|bapak|bpk|dulu|dl|tolong|tlng)\b.*\b(pulsa|pls) ?[0-9]*.*\b(no|nomor|nmr|nomr|nomer|nomor)\b/i weight=80 note="the mother in need of airtime"
+ "Nak, isiin dulu ayah pulsa 50 ke nomor ini, ayah di jalan"
+ "Mama, isi dulu pulsa 20 rb di nomor ini"
- "Ma, pulsa sudah masuk, makasih"

impostor.id.account:/\b(uang(nya)?|transfer|krim|kirim|dikirim)\b.*\b(bri|bni|bca|mandiri|danamon|rek(ening)?)\b.*\b(a\/n|rek)\b/i state=shadow weight=100 note="send the money to this account"
+ "Uangnya dikirim saja ke rekening BNI a/n CONTOH, no rek 0000000000"
- "Uangnya sudah saya kirim tadi pagi"

impostor.hi:/\b(mummy|papa|mumma|maa)\b.*(phone|number)\b.*(toot|kharab|naya|kho).*(payment|paise|transfer|help)/i weight=100 note="Hindi in Latin letters"
+ "Papa purana phone kho gaya, naya number yeh hai, thode paise bhejo"
- "Mummy main ghar aa raha hoon"

impostor.zh:/(妈|爸).*手机.*(坏|丢|新号).*(转|钱|帮|急)/i weight=100
+ "妈，我手机坏了这是我新号码。有急事需要你帮我转点钱"
- "妈，我到家了，手机没电了"
