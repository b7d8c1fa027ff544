/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Texts for made traffic, written for it: clean ones, and lures that the shipped patterns
 * (patterns/sets) reject; names, places and links are invented or reserved for examples (RFC 2606).
 */
#include "control/traffic_text.h"

const struct traffic_sample traffic_samples[] = {
	{ "ham", "Running ten minutes late, start without me" },
	{ "ham", "Your table for four on Friday at 19:30 is booked. See you then! Cafe Alder" },
	{ "ham", "481516 is your sign-in code for Northbank. It is valid for 5 minutes." },
	{ "ham", "Did you feed the cat? The key is under the blue pot." },
	{ "ham", "Dr Moss: your appointment is on 14 May at 9:20, room 3. Reply N to change it." },
	{ "ham", "Train 09:12 to Ellwater leaves from platform 6 today." },
	{ "ham", "ok" },
	{ "ham", "Balance on 12.05: 340.20 EUR [card ~4411] {ref 7|A}" },
	{ "ham", "The swimming lesson moved to 4 pm, bring a towel and the green bag" },
	{ "ham", "Happy birthday, Ida! We all sing for you tonight." },
	{ "ham", "Wasserstand Pegel Mühlbach 182 cm, Tendenz fallend. Grüße aus dem Rathaus" },
	{ "ham", "Der Termin am Dienstag fällt aus, neuer Vorschlag: Donnerstag 15 Uhr" },
	{ "ham", "Je serai à la gare à 18 h, tu viens me chercher ?" },
	{ "ham", "Votre colis vous attend chez le fleuriste de la place jusqu'à samedi" },
	{ "ham", "Mañana comemos en casa de la abuela, trae el postre" },
	{ "ham",
		"Recordatorio: la reunión será el miércoles a las 10 en la sala grande, ¿podrás?" },
	{ "ham", "A reunião de condôminos é na terça às 20h, no salão. Não se atrase, até lá!" },
	{ "ham", "Domani andiamo al mare se non piove, porta la crema" },
	{ "ham", "Akşam yemeğine geç kalacağım, beni beklemeyin. Çorba ısıtılsın" },
	{ "ham", "Doktor randevunuz yarın saat dokuzda, lütfen aç karnına geliniz" },
	{ "ham", "Jutro o ósmej mamy próbę chóru, weź proszę nuty i żółtą teczkę" },
	{ "ham", "Завтра встречаемся у входа в парк в десять утра" },
	{ "ham", "Ваш заказ готов, ждём вас до восьми вечера" },
	{ "ham", "Το ραντεβού σας είναι την Πέμπτη στις 11" },
	{ "ham", "明天下午三点在图书馆门口见" },
	{ "ham", "明日の会議は十時からです。資料を忘れずに" },
	{ "ham", "내일 점심은 열두 시에 먹어요" },
	{ "ham", "موعدنا غدا في الساعة الخامسة أمام المكتبة" },
	{ "ham", "ניפגש מחר בשש ליד התחנה" },
	{ "ham", "कल सुबह नौ बजे बस अड्डे पर मिलते हैं" },
	{ "ham", "เจอกันพรุ่งนี้เก้าโมงที่สถานี" },
	{ "ham", "Party at ours \xF0\x9F\x8E\x89 bring your own cup \xF0\x9F\x98\x80" },
	{ "ham", "Price of the flat: 900 €/month, 2 rooms; call me when you have seen it" },
	{ "prize", "Congratulations! You have won a £1000 cash prize, claim your reward now: "
		   "http://claim-your.example.com/x" },
	{ "prize",
		"WINNER!! Your mobile number has won 5000 pounds in the lottery. To claim call now "
		"09061234567" },
	{ "prize", "¡Felicidades! Ha ganado un premio de 5000 euros, reclámelo en "
		   "www.ejemplo-premio.com" },
	{ "prize",
		"Félicitations ! Vous avez gagné un iPhone, réclamez-le sur www.exemple-cadeau.com" },
	{ "prize", "Herzlichen Glückwunsch! Sie haben 5000 Euro gewonnen, Preis hier abholen: "
		   "www.beispiel-gewinn.com" },
	{ "prize", "Parabéns! Seu número foi sorteado, você ganhou um prêmio, resgate em "
		   "www.exemplo-premio.com" },
	{ "prize", "Поздравляем! Вы выиграли приз 100000 руб, получить: www.example-priz.com" },
	{ "prize", "恭喜您的手机号码被抽中为幸运用户，获得奖金8万元，请登录www.example.com领取" },
	{ "phishing", "Northbank: your account has been locked. Verify now at "
		      "http://secure.example.com to restore access within 24 hours" },
	{ "phishing", "Your Apple ID is suspended. Confirm your details at http://id.example.com "
		      "immediately to avoid suspension" },
	{ "phishing", "BBVA: su cuenta ha sido bloqueada. Verifique su identidad: "
		      "http://ejemplo.example.com" },
	{ "phishing",
		"Ihr Konto wurde gesperrt. Bitte verifizieren unter http://beispiel.example.com "
		"und Konto entsperren. WhatsApp wird gesperrt, Code senden" },
	{ "phishing", "Banque du Lac : carte suspendue cette nuit. Confirmez qui vous êtes ici : "
		      "www.exemple-verif.com" },
	{ "phishing", "您的WhatsApp账号将被停用，请转发验证码" },
	{ "impostor", "I'm in a meeting, please buy 5 Apple gift cards and send me the codes" },
	{ "impostor",
		"Hallo Mama, mein Handy ist kaputt, das ist meine neue Nummer. Schreib mir auf "
		"WhatsApp" },
	{ "impostor",
		"Mamá, se me rompió el móvil y tengo número nuevo. ¿Me haces una transferencia "
		"urgente?" },
	{ "impostor", "Maman, téléphone cassé, voici mon nouveau numéro, écris-moi sur WhatsApp" },
	{ "impostor", "妈，我手机坏了这是我新号码。有急事需要你帮我转点钱" },
};

const size_t traffic_n_samples = sizeof(traffic_samples) / sizeof(traffic_samples[0]);
