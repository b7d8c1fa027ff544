# SPDX-License-Identifier: BSD-3-Clause
#
# bank.pat: banks and tax offices that are none.
#
# Real banks write about cards and accounts all day long, and block some: neither "your card" nor
# "blocked" tells anything. What tells is a trouble and, behind it, a link or a private number to get
# rid of it. Trouble and way out are rules of their own; policy.conf sums their weights up.
#
# Examples: ours.

@default category=phishing view=folded weight=50

bank.locked:/\b(account|acct|a\/c|card|atm|e?-?banking|access|profile|wallet|kyc|k\.y\.c|net ?banking|paytm|apple ?id|icloud|paypal|sim|number|netflix|whatsapp|metamask|mailbox|id|1d)\b.*([s$]uspended|\b(locked|blocked|block|restricted|limited|de-?activated|re-?activate|disabled|frozen|expired?|expires|on hold|terminated|closed|deleted)\b)/i note="an account in trouble; true notices say this too"
+ "Your account has been locked"
+ "HSBC Al3rt: Y0ur acc0unt h@s b33n l0ck3d"
+ "Your card is suspended."
+ "Уоur саrd is suspended"
- "Your account balance is 120.50."
- "Your card ending 1234 was used for 12.99 at a shop."

bank.unusual:/\b(unusual|suspicious|unauthori[sz]ed|unrecogni[sz]ed|fraudulent|irregular)\b.*(activity|activities|sign-?in|log-?in|transactions?|attempts?|access|device|payee|payments?)/i weight=40
+ "Northbank: suspicious transaction, look at it at once"
- "Is there any activity tonight?"

bank.payee:/\b(new|a) (payee|device|recipient|direct debit|payment request)\b.*\b(added|registered|attempted|request|paired|set ?up|logged)/i weight=40
+ "A new payee Mr Smith was added to your account"
- "Add me as a payee when you pay the rent"

bank.kyc:/\b(k\.?y\.?c|pan card|bvn|aadh?aar|nic number|paytm ?kyc|pay2tmkyc)\b.*\b(expired?|suspended|pending|updat(e|ed|ion)|verif(y|ication)|incomplete|block(ed)?|link)\b/i weight=50 note="KYC: identity checks of Indian and African banks and wallets"
+ "KYC not done: your number is expired tonight"
- "Documents for PAN card are ready for collection"

bank.refund:/\b(tax|vehicle tax|council tax|emergency|hmrc|irs|gov(ernment)?|covid-?19|energy|stimulus)\b.*\b(refund|rebate|relief|grant|compensation|stimulus|support payment|overpaid|over payment)\b|\b(owed?|entitled to|eligible for|issued|due)\b.*\b(refund|rebate|grant|over ?payment)\b|\bissued a payment of\b/i weight=60
+ "HMRC: you are due a tax refund of 349.14"
+ "You are eligible for an energy rebate"
- "The shop gave me a refund, no questions asked"

bank.secure:/\b(verify|confirm|validate|update|restore|re-?activate|unlock|unblock|secure|review|cancel|stop|log ?in|logon|sign ?in|claim|apply|access|download)\b.*(https?:|http |www\.|\b[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|net|org|info|top|xyz|vip|live|online|site|app|club|icu|io|me|ly|co|uk|in|cc|gl|tk|ga|cf|us|biz|click|link|shop)\b)/i note="do something, behind a link"
+ "verify now at http://secure.example.com"
+ "Log in via the secure link www.example.com to avoid suspension"
+ "V3r1fy n0w @t b1ll1ng-serv1ce.v1p"
- "Please confirm that you can come at 5"

bank.at.once:/\b(within|in|next) (the next )?(2|6|12|24|36|48|72) ?-? ?(h|hr|hrs|hour|hours)\b|\bimmediately\b|\b(to|2) avoid\b.*(suspension|block|closure|penalt|fine|fee|charge|interruption|restrict|legal)|\b(final|last) (notice|notification|warning|reminder)\b/i weight=20 note="haste"
+ "please answer in the next 24 hours"
- "See you in two hours"

bank.care:/\b(contact|call|dial|helpline|tel|ph|help ?desk)\b.*(customer|care|support|office|help|no|manager|number)?.*[0-9][0-9 -]{8,14}[0-9]/i weight=30 note="a number to call; a true notice has one too"
+ "Contact our care desk on 9000000000"
+ "help desk PH 9000000001"
- "call me later"

bank.block.call:/\b(atm|card|kyc|account|a\/c|paytm)\b.*\b(block(ed)?|suspended|de-?activated|expired)\b.*\b(customer|care|office|manager|re-?activate|activate|helpline)\b.*[0-9]{9,12}/i weight=60 note="trouble, and a private number as the way out"
+ "ATM card blocked! The manager will open it again: 9000000000"
+ "KYC expired, the office helps: 9000000001"
- "Your card was blocked at your request. Call the number on its back."

# ---- other languages: an account in trouble and the demand to prove who one is ----

bank.es:/\b(cuenta|tarjeta|banca|acceso)\b.*(bloquead|suspendid|limitad|inhabilitad|restringid|desactivad|acceso no autorizado|caducad).*(verifi|confirm|actuali|desbloque|acced|ingres|active|reactiv).*(http|www|enlace|link|aqui|\b[a-z0-9-]+\.[a-z]{2,6}\b)/i weight=80
+ "BBVA: su cuenta ha sido bloqueada. Verifique su identidad: http://ejemplo.example.com"
- "Compra de 24,90 EUR con su tarjeta 4412 en SUPERMERCADO."
- "Su tarjeta ha sido bloqueada a petición suya. Llame a su oficina."

bank.fr:/\b(compte|carte|acces|carte vitale|banque)\b.*(bloque|suspendu|desactive|limite|restreint|expire|connexion inhabituelle|operation suspecte).*(verifi|confirm|mett(re|ez) a jour|debloqu|reactiv|connect|identifi|renouvel).*(http|www|lien|ici|\b[a-z0-9-]+\.[a-z]{2,6}\b)/i weight=80
+ "Banque : carte suspendue cette nuit. Confirmez qui vous êtes ici : www.exemple-verif.com"
- "Achat de 24,90 EUR avec la carte 4412 chez EPICERIE."

bank.de:/\b(konto|karte|pushtan|push-tan|s-?pushtan|tan|zugang|online-?banking|registrierung)\b.*(gesperrt|eingeschrankt|deaktiviert|lauft (heute |morgen )?ab|abgelaufen|ausgesetzt|endet|auffallig|verdachtig).*(bestatig|verifizier|aktualisier|erneuer|entsperr|reaktivier|anmeld|verlanger).*(http|www|link|hier|\b[a-z0-9-]+\.[a-z]{2,6}\b)/i weight=80
+ "Zugang ausgesetzt! Bitte neu anmelden unter http://beispiel.example.com"
+ "Ihre pushTAN läuft heute ab, jetzt verlängern: www.beispiel-tan.com"
- "Umsatz 24,90 EUR bei SUPERMARKT, Karte 4412."
- "Ihre Karte wurde wie gewünscht gesperrt. Fragen? Rufen Sie Ihre Filiale an."

bank.it:/\b(conto|carta|utenza|accesso)\b.*(bloccat|sospes|limitat|disabilitat|anomal|scadut).*(verific|conferm|aggiorn|sblocc|acced|riattiv).*(http|www|link|qui|\b[a-z0-9-]+\.[a-z]{2,6}\b)/i weight=80
+ "Carta sospesa: aggiorna i dati qui http://esempio.example.com"
- "Codice 4411, vale dieci minuti."

bank.nl:/\b(rekening|pas|betaalpas|bankpas|bankieren|account)\b.*(geblokkeerd|verlopen|verloopt|beperkt|opgeschort|verouderd).*(verifi|bevestig|vernieuw|bijwerk|klik|activeer|download|vraag).*(http|www|link|hier|\b[a-z0-9-]+\.[a-z]{2,6}\b)/i weight=80
+ "Uw pas is verlopen, vraag een nieuwe aan: http://voorbeeld.example.com"
- "Code 4411, tien minuten geldig."

bank.pt:/\b(conta|cartao|acesso|chave|token|pontos)\b.*(bloquead|suspens|cancelad|expira|vence(m|ndo)? hoje|irregular|compra (suspeita|aprovada)|desativad).*(verifi|confirm|atuali|desbloque|regulariz|acess|reativ|resgat|cadastr).*(http|www|link|aqui|\b[a-z0-9-]+\.[a-z]{2,6}\b)/i weight=80
+ "Sua conta foi bloqueada, atualize seus dados em http://exemplo.example.com"
- "Compra de R$ 24,90 com o cartão 4412 no MERCADO."

bank.hi:/\b(account|khata|card|kyc|sim|bijli|bill)\b.*(block|band|suspend|kat|expire).*(jaye?ga|jaye?gi|ho gaya|ho jayegi|hoga|raha).*(karein|kare|karo|update|call|link|click)/i weight=60 note="Hindi in Latin letters"
+ "Bijli aaj raat kat jayegi, bill abhi update karein: http://udaharan.example.com"
- "Code 4411 hai. Yeh code kisi ko mat batana."

bank.id:/\b(rekening|kartu|atm|akun|m-?banking|brimo|tarif)\b.*(diblokir|terblokir|nonaktif|dibekukan|kadaluarsa|perubahan tarif).*(verifikasi|konfirmasi|klik|isi (form|data)|link|hubungi|http|www)/i weight=80
+ "Rekening Anda diblokir, segera verifikasi di www.contoh-bank.com"
- "Kartu Anda telah diblokir sesuai permintaan. Terima kasih."

bank.ru:/(карт[аыу]|сч[её]т|аккаунт|личный кабинет).*(заблокирован|приостановлен|ограничен|взломан|арестован).*(подтверд|перейд|позвон|звони|разблокир|обнов|http|www|тел)/i weight=80
+ "Ваша карта заблокирована. Подтвердите данные: http://primer.example.com"
- "Карта 1234: покупка 250 р. Баланс 1200 р."

bank.zh:/(银行|银行卡|账户|帐户|账号|信用卡|网银|手机银行).*(冻结|停用|锁定|异常|失效|过期|限制|注销).*(验证|认证|点击|登录|更新|激活|解冻|http|www|\.com|\.vip)/i weight=80
+ "【银行】您的银行卡已被冻结，请立即验证身份：http://shili.example.com"
- "您尾号1234的账户支出25.00元，余额100.00元。"

bank.ar:/(حسابك|بطاقتك|حسابكم).*(إيقاف|ايقاف|تجميد|حظر|موقوف|تعليق).*(تحقق|تحديث|تأكيد|اتصل|اضغط)|تم (إيقاف|ايقاف|تجميد|حظر|تعليق) (حسابك|بطاقتك).*(تحقق|تحديث|تأكيد|اتصل|اضغط)/i weight=60
+ "تم تجميد بطاقتك اليوم، اتصل بنا لإعادة فتحها"
- "رمز التحقق الخاص بك هو 4411، لا تشاركه مع أحد"
