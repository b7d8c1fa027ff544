# SPDX-License-Identifier: BSD-3-Clause
#
# prize.pat: prizes and lotteries that nobody entered.
#
# No rule here rejects by itself: a lure of this kind says that one has won, what it is worth, and
# what to do now; two or three of these signs together reach the threshold of policy.conf.
# All rules see the folded text (lower case, disguise undone).
#
# Examples: ours.

@default category=prize view=folded weight=50

# ---- one has won ----

prize.won:/\b(you|u|your (mobile|phone|number|mobile number|e-?mail|entry)|ur (mobile|number))( ?'?ve| have| has)?( been| just| also| bin)? ?(won|awarded|gained)\b/i weight=55 note="you have won"
+ "Congratulations! You have won a new phone."
+ "Good news: your mobile number has won"
+ "You have W0N a phone"
+ "You have w.o.n. a voucher"
- "Who won the match last night?"
- "Your order has been shipped."

prize.selected:/\b(you|u|number|no)( ?'?ve| have| has| are| r| was| were)?( been)?( randomly| specially)? ?(selected|chosen|picked)( randomly)? (to (receive|win|stay|get)|for (a|an|the|our) |as (a|the|our) |by our)/i note="you were drawn"
+ "Out of all readers you were picked to receive the car"
+ "your number was selected as a winner"
- "You have been selected for interview on Monday at 10."
- "Which colour have you chosen?"

prize.winner:/\b(you'?re|you are|u r|are|is) (a|the|our|this week'?s?) ?([0-9,.]+|[a-z]{1,12})? ?(lucky )?winner\b|\bwinner(!!|! )|\bwinning (code|number|ticket) ?(is|:)|\bwon the ?.*(prize|jackpot|lottery)\b/i
+ "You are a 1000 winner of our summer draw"
+ "WINNER!! As a valued customer you get a reward"
+ "You won the 5000 prize"
- "The winner takes it all, remember?"
- "We have a winner."

# ---- what it is worth ----

prize.worth:/(£|\$|€|₹|\b(rs|inr|usd|gbp|eur|rm|e)\b\.?) ?[0-9][0-9,.]{1,14}(k| k| million| lakhs?| crores?)?.*\b(prize|cash|award|reward|vouchers?|gift|jackpot|bonus|winner|lottery|holiday|shopping spree)\b/i note="an amount, then prize, cash, voucher"
+ "a £1000 cash prize"
+ "€ 500 gift card"
+ "£1,000 of discount v0uchers"
- "I paid £20 for the tickets, no hurry"
- "Your balance is $512.20."

prize.goods:/\b(prize|award|reward|gift ?card|vouchers?|lottery|jackpot|draw)\b.*((£|\$|€|₹|\b(rs|inr|usd|gbp|eur|rm)\b\.?) ?[0-9][0-9,.]{2,}|[0-9][0-9,.]{2,} ?(pounds?|dollars?|euros?|gbp|usd|eur|inr|cash))/i weight=35 note="prize, then an amount"
+ "Claim your reward of £400"
+ "the lottery jackpot: 5000 pounds"
- "Draw a line under it, we owe 20 each"
- "The reward is seeing them smile"

prize.guaranteed:/\bguaranteed.*(prize|award|cash|winner|caller|gift)|\b(bonus|caller|mystery|top|cash|xmas|summer|first|1st|2nd|second) (caller )?prize\b|\bprize (is )?guaranteed|\b(lucky|prize|cash|mega|weekly|grand|international|xmas|christmas|easter|national)[- ](draw|lottery|lotto|jackpot|sweepstakes?)\b/i weight=40
+ "the weekly lottery, with a guaranteed gift"
+ "in our monthly prize draw"
- "Guaranteed delivery before noon"
- "The school raffle is on Saturday, bring prizes"

# ---- what to do ----

prize.claim:/\b(to|2) ?claim\b|\bclaim (it |now|today|your|ur|yr|code|here|before|call|by )|\bcollect (your|ur) (prize|award|gift|reward|winnings)|\b(still )?(unclaimed|await(s|ing)? (your )?(collection|claim|u\b|you\b))|\bredeem (your|it|now)/i
+ "To claim call now"
+ "your reward is still unclaimed"
- "The insurance claim went through, thank God"
- "Can I claim the taxi back from work?"

prize.final:/\b(final|last|2nd|second|third|3rd) (final )?(attempt|notice|call|chance|reminder|time)\b.*(contact|reach|claim|collect|tried)|\btried (to|2) (contact|reach) (you|u)\b/i weight=40
+ "LAST NOTICE: we did not reach you, claim it"
+ "We tried to contact u about your prize"
- "Final call for the trip: pay by Friday please"
- "I tried to call you twice"

prize.entry:/\b(free entry|chance (to|2|of) win(ning)?|win (a|an|up to|over|the latest|our)\b|enter (our|the|2 our|into our)|u could win|you could win|ur awarded|you are awarded)\b/i weight=30 note="competitions; common in lawful advertising too"
+ "Free entry in our weekly comp"
- "we need to win on Sunday"

prize.shortcode:/\b(text|txt|sms|send|reply)( with)?( the word)? ?:?[a-z0-9"'#]{2,14} (to|2)( no:?| number)? ?[0-9]{4,6}\b/i weight=30 note="a word to a short code; lawful by itself"
+ "Text WIN to 85222 now"
- "text me when you get to 24 high street"

prize.premium:/\b(call|dial|phone|ring|tel)\b.*\b(0|\+?44 ?)(9[0-9]|87[0-2])[0-9 ]{7,9}/i weight=30 note="a British premium or special-rate number to call"
+ "call 09061234567 to claim"
- "call me on 07700 900123"

# ---- other languages ----

prize.es:/\b(ha|has|usted ha|felicidades|enhorabuena).*(ganado|ganador|sido (seleccionad|elegid|premiad)[oa]|resultado ganador).*(premio|euros?|€|\$|iphone|sorteo|tarjeta|reclam|recog|bono|http|www)/i weight=100
+ "¡Felicidades! Ha ganado un premio de 5000 euros, reclámelo en www.ejemplo-premio.com"
+ "¡FELICIDADES! Has sido seleccionado para un iPhone, confirma: http://premio.example"
- "Felicidades por tu cumpleaños, que tengas un gran día"
- "Hemos ganado el partido, ¡qué alegría!"

prize.fr:/\b(felicitations?|bravo|vous avez|vous etes).*(gagne|gagnante?|ete (tire|selectionnee?|choisie?)|tirage au sort|l'heureux gagnant).*(cadeau|euros?|€|iphone|lot|cheque|bon d'achat|reclame|recupere|recevoir|http|www)/i weight=100
+ "Félicitations ! Vous avez gagné un iPhone, réclamez-le sur www.exemple-cadeau.com"
+ "Vous êtes l'heureux gagnant du tirage au sort : un chèque de 1000 euros"
- "Bravo, vous avez bien travaillé"
- "On a gagné du temps, merci"

prize.de:/\b(sie|du|gluckwunsch|ihre (nummer|handynummer)).*(gewonnen|gewinner(in)?\b|ausgelost|ausgewahlt).*(gewinn|preis|euro|€|iphone|gutschein|abholen|anfordern|sichern|http|www)/i weight=100
+ "Herzlichen Glückwunsch! Sie haben 5000 Euro gewonnen, Preis hier abholen: www.beispiel-gewinn.com"
+ "Ihre Handynummer wurde ausgelost: ein iPhone wartet, jetzt anfordern"
- "Glückwunsch, ihr habt gewonnen! Was für ein Spiel"
- "Herzlichen Glückwunsch zum Geburtstag"

prize.pt:/\b(parabens|voce|seu (numero|celular)).*(ganhou|ganhador|foi (sorteado|premiado|contemplado|selecionado)).*(premio|r\$|euros?|€|iphone|carro|resgat|retir|casa|http|www|ligue)/i weight=100
+ "PARABÉNS! Seu número foi sorteado, você ganhou R$ 50.000, resgate em www.exemplo-premio.com"
+ "Você foi contemplado com um prêmio, ligue agora"
- "Parabéns pelo seu aniversário"
- "Quem ganhou o jogo ontem?"

prize.id:/\b(selamat|slmt|slmat|resmi|yth|sdr|keputusan|simcard|no(mor)?\.? ?anda).*(mendapat|m-?e?n?-?da?pt|men-?da?pt|mndpt|dpt|meraih|memenangkan|pemenang|terpilih|menang).*(hadiah|undian|cek|tunai|mobil|unit|poin|tabungan|rp\.? ?[0-9]|dana|pin|toyota|avanza|yaris|honda|uang)/i weight=80
+ "Selamat Bapak, nomor anda menang uang tunai dari kami"
+ "slmt no. anda m-dpt 1 unit motor"
- "Selamat ulang tahun ya, semoga sehat selalu"
- "Selamat pagi, Anda mendapat tambahan kuota 1GB, berlaku 7 hari."

prize.id.pin:/\bpin.{0,3}(pemenang|undian|anda|code|:)|\b(pemenang|undian|poin)\b.*\bpin\b/i weight=40 note="Indonesian lotteries give a PIN of the winner"
+ "PIN pemenang anda: b8337h9"
- "Masukkan PIN ATM pada mesin"

prize.id.info:/\bu\/ ?(info|informasi)\b|\binfo.*(klik|kunjungi|hub|cek)\b/i weight=30
+ "U/Info klik www.contoh.com"
- "Info lanjut call center 200"

prize.host:/^https?:\/\/[^\/]*(undian|hadiah|gebyar|pemenang|giveaway|gift-?card|lucky-?draw|winner|(you|u)-?won|prize|lottery|claim-|-claim|reward|isi-?ulang|poin)[^\/]*\./i field=url weight=50
+ "www.pusat-undian.example.com"
+ "http://claim-your.example.com/x"
- "https://www.example.com/claim/form.pdf"

prize.host.free:/^https?:\/\/[^\/]*\.(blogspot|webnode|jimdo|webs|wordpress|weebly|wixsite|000webhostapp|co\.nf|tk|ml|ga|cf|gq)\.?[a-z]*(\/|$)/i field=url weight=30 note="free hosting"
+ "www.contoh-kuis.blogspot.com"
- "https://blog.example.com/blogspot"

prize.hi:/\b(aap(ko|ne|ka)?|badhai|mubarak).*(jeet|jita|jeeta|lucky|lottery|lotri).*(lakh|crore|rs|inr|₹|inaam|inam|prize|kbc|car|gaadi|call)/i weight=100 note="Hindi in Latin letters"
+ "Badhai ho! Aapne KBC lottery mein 25 lakh jeete hain, call karein"
+ "Aapka number lucky draw mein jeeta hai, inaam lene ke liye call karein"
- "Kal match kaun jeeta?"

prize.ru:/(поздравля|вы |ваш (номер|телефон)).*(выиграл|выбран победител|победител|стали обладател).*(приз|руб|₽|автомобил|машин|iphone|айфон|получ|сайт|http|www|звони)/i weight=100
+ "Поздравляем! Вы выиграли приз 100000 руб, получить: www.example-priz.com"
- "Поздравляю с днём рождения!"
- "Мы выиграли матч, ура"

prize.zh:/(恭喜|您的?(手机)?号码?|您已?被?).*(中奖|抽中|获得.{0,6}(大奖|奖金|一等奖|二等奖)|幸运(用户|号码|观众)).*(元|万|奖品|奖金|领取|登录|网址|http|www|验证码)/i weight=100
+ "恭喜您的手机号码被抽中为幸运用户，获得奖金8万元，请登录www.example.com领取"
- "恭喜恭喜，新年快乐"
- "您的号码已获得领取资格查询"
