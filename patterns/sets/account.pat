# SPDX-License-Identifier: BSD-3-Clause
#
# account.pat: accounts of services: false verifications, and codes that somebody asks for.
#
# The most common lawful text in the world is a one-time code that says "do not share this code". A rule
# here must never match one: see the must-not-match examples.
#
# Examples: ours.

@default category=phishing view=folded weight=50

account.code.ask:/\b(forward|send (me|us|back|it)|reply with|text (me|us)|resend|give me|tell me)( me)?( the| your| that)( [0-9a-z-]{1,12}){0,3} (code|otp|pin|password)\b/i weight=50 note="somebody asks for a code"
+ "To keep your account forward the 6-digit code we just sent"
+ "Hi, I sent my verification code to you by mistake, please send me the code"
+ "reply with your PIN"
- "123456 is your code. Never share this code. We will never ask for it."
- "Your code is 4411. Do not forward this code to anybody."

account.code.claim:/\b(sent|entered|typed|registered|used)\b.*\b(code|otp|pin)\b.*(by (mistake|accident)|accidentally|wrong number|your (number|phone))|\b(by (mistake|accident)|accidentally)\b.*\b(code|otp|pin)\b/i weight=50
+ "I sent my verification code to you by mistake"
- "Your code was sent to your registered mobile."

account.service:/\b(apple|apple ?id|apple 1d|icloud|paypal|amazon|netflix|whatsapp|instagram|facebook|google|microsoft|outlook|coinbase|binance|metamask|ebay|spotify|linkedin|telegram|office ?365|steam)\b.*([s$]uspended|locked|limited|blocked|deactivat|disabled|expire|on hold|unusual|restricted|withdrawal of|payment (failed|declined)|could not be (charged|processed)|violat)/i weight=50 note="a well-known service in trouble"
+ "Your Apple ID is due to expire today"
+ "PаyPаl: yоur ассоunt is limited"
+ "Netflix: your payment failed"
- "Your Netflix code is 1333. Do not share it."
- "Amazon: the lamp has left our house and comes on Thursday."

account.payment:/\b(billing|payment|subscription|membership|card)\b.*\b(failed|declined|rejected|could not be (charged|processed)|problem|unsuccessful|expired)\b.*\b(update|renew|verify|confirm|re-?enter)\b.*(https?:|www\.|link|here)/i weight=60
+ "Your subscription payment was declined, update your details at http://x.example.com"
- "Payment declined: not enough balance. Top up in the app."

account.wasnt.me:/\b(if (this|that|it) (wasn'?t|was not|isn'?t|is not) (you|u|authori[sz]ed)|if not you|not you\?|wasn'?t you\?|did(n'?t| not) (request|perform|make|authori[sz]e|recogni[sz]e))\b.*(https?:|www\.|\b[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|net|top|xyz|vip|live|online|site|app|info|icu|club)\b)/i weight=60 note="if this was not you: a link"
+ "Somebody signed in from Lisbon. If this wasn't you: http://x.example.com"
- "New sign-in on your account. If this wasn't you, change your password in the app."

account.seed:/\b(seed|recovery|secret|wallet) (phrase|words|key)\b/i weight=60
+ "Type in your wallet's seed phrase and all is well again"
- "That was a silly phrase"

account.sim:/\b(sim|esim|number|line)\b.*\b(deactivat|disconnect|block|suspend|regist|upgrade).*\b(verify|update|confirm|register|link|re-?activate)\b.*(https?:|www\.|[0-9]{9,12})/i weight=60
+ "Your SIM will be disconnected, verify at http://x.example.com"
- "Your new SIM is active. Welcome!"

account.es:/\b(whatsapp|cuenta|google|apple|netflix|instagram)\b.*(desactivad|suspendid|eliminad|caduc).*(reenvi|codigo|verifi|confirm|actuali)|\b(reenvi|envia|mandame|enviame).*(el )?codigo de [0-9] (digitos|cifras)/i weight=100
+ "Su cuenta de WhatsApp será desactivada. Reenvíe el código de 6 dígitos"
- "Su código de verificación de Google es 2626. No lo comparta."

account.fr:/\b(whatsapp|compte|google|apple|netflix|instagram)\b.*(desactive|suspendu|supprime|expire).*(transfer|renvoy|code a [0-9]|code de|verifi|confirm).*(code|http|www|lien)/i weight=100
+ "WhatsApp : ce compte sera supprimé ce soir. Transférez-nous le code de 6 chiffres"
- "Votre code de vérification est 5521. Ne le communiquez à personne."

account.de:/\b(whatsapp|konto|google|apple|netflix|instagram)\b.*(deaktiviert|gesperrt|geloscht).*((leiten|senden|schicken|weiter).*(code|pin)|\b(code|pin)\b.*(senden|schicken|weiterleiten))/i weight=100
+ "WhatsApp wird heute Nacht gesperrt, wenn Sie uns nicht den Code senden"
- "Amazon: der Code lautet 40 41 42. Er ist nur für Sie."

account.pt:/\b(whatsapp|conta|google|apple|netflix|instagram)\b.*(desativad|suspens|excluid).*(encaminh|envi|repass).*codigo/i weight=100
+ "O seu WhatsApp vai ser suspenso: encaminhe já o código que recebeu"
- "Seu código do Google é 2626. Não compartilhe."

account.hi:/\b(whatsapp|account|google)\b.*(band|block|deactivate).*(code|otp).*(forward|bhej|send|share)/i weight=100
+ "Aapka WhatsApp aaj raat band hoga, roko: code humein bhej do"
- "Code 4411 hai. Yeh code kisi ko mat batana."

account.ru:/(whatsapp|telegram|аккаунт|госуслуг).*(деактивир|удал[её]н|заблокир).*(перешлите|отправьте|сообщите).*код/i weight=100
+ "WhatsApp: номер заблокирован. Сообщите нам код из письма"
- "Код подтверждения 4411. Никому его не сообщайте."

account.zh:/(微信|支付宝|whatsapp|账号|帐号|苹果id).*(停用|封|注销|异常|锁定).*(转发|发送|提供|回复).*(验证码|密码)/i weight=100
+ "您的WhatsApp账号将被停用，请转发验证码"
- "验证码4411，十分钟内有效，任何人索要都不要给。"
